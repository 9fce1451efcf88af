# Bowline's marks for fish: prompt, command, exit status (OSC 133) and folder (OSC 7). fish is started
# with this file as its first command, after the user's own files. It changes no file, and does nothing
# where other marks are found: from version 4 on fish makes all of them itself. Everything it defines
# begins with __bowline.

function __bowline_set_up
    # Agents' hooks call `bowline`; config.fish may have set PATH anew.
    if set -q BOWLINE_BIN; and not command -sq bowline
        set -gxa PATH (string replace -r '/[^/]*$' '' -- $BOWLINE_BIN)
    end

    set -l major (string match -r '^[0-9]+' -- $version)
    if test "$major" -ge 4
        return
    end
    set -l texts (functions fish_prompt)
    for name in (functions --handlers | string match -rg '^\S+ (\S+)$')
        set -a texts (functions -- $name)
    end
    set -l escape '(\\\\(e|E|033|x1b)|\e)\\\\?'
    set -g __bowline_open \e']'
    set -g __bowline_close \a
    if set -q TMUX; and test -n "$TMUX"
        set -g __bowline_open \ePtmux\;\e\e']'
        set -g __bowline_close \a\e\\
    end

    if not string match -qr $escape'\]7;' -- $texts
        function __bowline_folder --on-event fish_prompt
            set -l url (string escape --style=url -- $PWD)
            printf '%s7;file://%s%s%s' $__bowline_open $hostname $url $__bowline_close
        end
    end
    if not string match -qr $escape'\]133;' -- $texts
        function __bowline_prompt --on-event fish_prompt
            printf '%s133;A%s' $__bowline_open $__bowline_close
        end
        function __bowline_begin --on-event fish_preexec
            printf '%s133;C%s' $__bowline_open $__bowline_close
        end
        function __bowline_end --on-event fish_postexec
            set -l result $status
            printf '%s133;D;%s%s' $__bowline_open $result $__bowline_close
        end
    end
end

if status is-interactive
    __bowline_set_up
end
functions --erase __bowline_set_up
