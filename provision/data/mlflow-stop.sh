#!/bin/sh
# Made by Bowline for MLflow's tracing of Claude Code, which runs it at the end of each turn and waits for it. So what it is
# told is put aside, and the rest is done apart from it, where neither its end nor a slow workspace is in the way.
[ "${MLFLOW_CLAUDE_TRACING_ENABLED-}" = true ] || exit 0
told=$(mktemp "${TMPDIR:-/tmp}/bowline-mlflow.XXXXXX") || exit 0
cat >"$told"
apart=$(command -v setsid || echo nohup)
"$apart" sh -c '
    trap "rm -f \"\$1\"" EXIT
    for python in python3 python "uv run python"; do
        command -v ${python%% *} >/dev/null || continue
        $python -c "import importlib.util, sys; sys.exit(importlib.util.find_spec(\"mlflow\") is None)" || continue
        timeout 30 $python -c "from mlflow.claude_code.hooks import stop_hook_handler; stop_hook_handler()" <"$1"
        break
    done
' sh "$told" </dev/null >/dev/null 2>&1 &
