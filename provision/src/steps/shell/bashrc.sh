# Written anew at each set-up; `bowline setup --undo` takes it out. What stands outside of the marks is yours.
if [ -n "${BASH_VERSION-}" ] && [ -z "${__bowline_shell-}" ]; then
    __bowline_shell=1
    # In an environment of its own, such as Python's, the shell around has done it.
    if [ -z "${VIRTUAL_ENV-}${CONDA_PREFIX-}" ]; then
        case "${PATH-}:" in
        "$HOME/.local/bin:"*) ;;
        *) export PATH="$HOME/.local/bin${PATH:+:$PATH}" ;;
        esac
    fi
    case $- in
    *i*)
        # Where the shell was started, a folder may have been deleted, or made anew.
        [[ . -ef ${PWD-} ]] || builtin cd -- "${PWD-}" 2>/dev/null || builtin cd -- ~/projects 2>/dev/null || builtin cd || :
        # A shell that is killed has lost no line.
        shopt -s histappend
        if [[ ${PROMPT_COMMAND[*]-} != *'history -a'* ]]; then
            if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
                PROMPT_COMMAND+=('history -a')
            else
                PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND"$'\n'"}history -a"
            fi
        fi
        # A prompt and colours for who has none: these are the ones that nobody chose.
        case ${PS1-} in
        '\s-\v\$ ' | '\h:\w\$ ' | '[\u@\h \W]\$ ' | '${debian_chroot:+($debian_chroot)}\u@\h:\w\$ ')
            PS1='\[\e[1;32m\]\u@\h\[\e[0m\]:\[\e[1;34m\]\w\[\e[0m\]\$ '
            ;;
        esac
        if [[ -z ${NO_COLOR-} ]]; then
            [[ $(type -t ls) != file ]] || alias ls='ls --color=auto'
            [[ $(type -t grep) != file ]] || alias grep='grep --color=auto'
            export CLICOLOR="${CLICOLOR-1}"
        fi
        ;;
    esac
fi
