# Written anew at each set-up; `bowline setup --undo` takes it out. What stands outside of the marks is yours.
# In an environment of its own, such as Python's, the shell around has done it.
if [[ -z ${VIRTUAL_ENV-}${CONDA_PREFIX-} && ${PATH-}: != $HOME/.local/bin:* ]]; then
    export PATH="$HOME/.local/bin${PATH:+:$PATH}"
fi
if [[ -o interactive ]]; then
    # Where the shell was started, a folder may have been deleted, or made anew.
    [[ . -ef ${PWD-} ]] || builtin cd -- "${PWD-}" 2>/dev/null || builtin cd -- ~/projects 2>/dev/null || builtin cd || :
    # A shell that is killed has lost no line.
    : ${HISTFILE:=$HOME/.zsh_history}
    (( ${SAVEHIST:-0} > 0 )) || SAVEHIST=10000
    (( ${HISTSIZE:-0} >= SAVEHIST )) || HISTSIZE=$SAVEHIST
    [[ -o share_history || -o inc_append_history_time ]] || setopt inc_append_history
    # A prompt and colours for who has none: this is the one that nobody chose.
    [[ ${PROMPT-} != '%m%# ' ]] || PROMPT='%B%F{green}%n@%m%f%b:%B%F{blue}%~%f%b%# '
    if [[ -z ${NO_COLOR-} ]]; then
        [[ $(whence -w ls) != *': command' ]] || alias ls='ls --color=auto'
        [[ $(whence -w grep) != *': command' ]] || alias grep='grep --color=auto'
        export CLICOLOR=${CLICOLOR-1}
    fi
fi
