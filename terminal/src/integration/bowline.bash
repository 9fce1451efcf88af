# Bowline's marks for bash: prompt, command, exit status (OSC 133) and folder (OSC 7). bash reads this
# file as $ENV, because it was started as a login shell in POSIX mode; it first does what a login shell
# does otherwise. It changes no file, keeps traps, prompt commands and `$?`, and does nothing where other
# marks are found. Everything it defines begins with __bowline.

builtin set +o posix
builtin shopt -u inherit_errexit 2>/dev/null
if [[ -n ${BOWLINE_ENV+set} ]]; then
    builtin export ENV=$BOWLINE_ENV
else
    builtin unset -v ENV
fi
builtin unset -v BOWLINE_ENV
# POSIX mode has a history file of its own.
if [[ ${HISTFILE-} == "${HOME-}/.sh_history" ]]; then
    HISTFILE=${HOME-}/.bash_history
fi

# Not in a function: what these files declare must be global.
if [[ -r /etc/profile ]]; then
    builtin source /etc/profile
fi
for __bowline_file in "${HOME-}/.bash_profile" "${HOME-}/.bash_login" "${HOME-}/.profile"; do
    if [[ -r $__bowline_file ]]; then
        builtin source "$__bowline_file"
        builtin break
    fi
done
builtin unset -v __bowline_file

__bowline_set_up() {
    # Agents' hooks call `bowline`; the files above may have set PATH anew.
    if [[ -n ${BOWLINE_BIN-} ]] && ! builtin type -P bowline >/dev/null; then
        PATH=${PATH-}:${BOWLINE_BIN%/*}
    fi

    builtin local texts
    texts="${PS0-}${PS1-}${PROMPT_COMMAND[*]-}$(builtin trap -p DEBUG; builtin declare -f)"
    __bowline_marks=1 __bowline_folders=1
    builtin local escape
    # Written so that this function's own text holds neither.
    for escape in $'\e' '\e' '\E' '\033' '\x1b'; do
        if [[ $texts == *"$escape"']133;'* ]]; then
            __bowline_marks=
        fi
        if [[ $texts == *"$escape"']7;'* ]]; then
            __bowline_folders=
        fi
    done

    __bowline_open=$'\e]' __bowline_close=$'\a'
    if [[ -n ${TMUX-} ]]; then
        __bowline_open=$'\ePtmux;\e\e]' __bowline_close=$'\a\e\\'
    fi
    # In prompts a backslash stands for itself only in pairs.
    builtin local close=${__bowline_close//\\/\\\\}
    __bowline_ready="\\[${__bowline_open}133;B${close}\\]"
    __bowline_begin="${__bowline_open}133;C${close}"
    # Expands to nothing, and notes that a command line is carried out.
    __bowline_nothing= __bowline_ran=
    if builtin shopt -q promptvars; then
        # The expansion of variables takes one of each pair again, and here a `$` follows.
        __bowline_begin="${__bowline_open}133;C${close//\\/\\\\}"
        __bowline_begin+='${__bowline_nothing:$((__bowline_ran = 1)):0}'
    else
        __bowline_ran=always
    fi
    __bowline_folder= __bowline_folder_of=

    if [[ -n ${bash_preexec_imported-}${__bp_imported-} ]]; then
        precmd_functions+=(__bowline_prompt)
    elif ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
        # An element of its own, the last: each is given `$?`, and what others make of PS1 is there.
        if [[ -z ${PROMPT_COMMAND[*]-} ]]; then
            PROMPT_COMMAND=(__bowline_prompt)
        else
            PROMPT_COMMAND+=(__bowline_prompt)
        fi
    else
        PROMPT_COMMAND="__bowline_keep${PROMPT_COMMAND:+; $PROMPT_COMMAND}; __bowline_prompt kept"
    fi
}

# For bash before 5.1, whose prompt command is one text: first keeps `$?` for what comes last.
__bowline_keep() {
    __bowline_kept=$?
    if [[ $- == *e* ]]; then
        builtin return 0
    fi
    builtin return "$__bowline_kept"
}

__bowline_url() {
    builtin local LC_ALL=C byte index
    __bowline_folder=
    for ((index = 0; index < ${#PWD}; index++)); do
        byte=${PWD:index:1}
        case $byte in
        [a-zA-Z0-9/._~-]) ;;
        *)
            builtin printf -v byte '%d' "'$byte"
            builtin printf -v byte '%%%02X' "$((byte & 255))"
            ;;
        esac
        __bowline_folder+=$byte
    done
    __bowline_folder_of=$PWD
}

# Ends with 0 on every path: under `set -e` anything else would end the shell.
__bowline_prompt() {
    builtin local status=$?
    if [[ ${1-} == kept ]]; then
        status=$__bowline_kept
    fi
    if [[ ! -t 1 ]]; then
        builtin return 0
    fi
    if [[ -n $__bowline_folders ]]; then
        if [[ ${PWD-} != "$__bowline_folder_of" ]]; then
            __bowline_url
        fi
        builtin printf '%s7;file://%s%s%s' \
            "$__bowline_open" "${HOSTNAME-}" "$__bowline_folder" "$__bowline_close"
    fi
    if [[ -z $__bowline_marks ]]; then
        builtin return 0
    fi
    if [[ -n $__bowline_ran ]]; then
        builtin printf '%s133;D;%s%s' "$__bowline_open" "$status" "$__bowline_close"
        if [[ $__bowline_ran != always ]]; then
            __bowline_ran=
        fi
    fi
    builtin printf '%s133;A%s' "$__bowline_open" "$__bowline_close"
    if [[ ${PS1-} != *"$__bowline_ready"* ]]; then
        PS1=${PS1-}$__bowline_ready
    fi
    if [[ ${PS0-} != *"$__bowline_begin"* ]]; then
        PS0=${PS0-}$__bowline_begin
    fi
    builtin return 0
}

__bowline_set_up
builtin unset -f __bowline_set_up
