# Bowline's marks for zsh: prompt, command, exit status (OSC 133) and folder (OSC 7). Read before the
# user's files, so that none of their aliases or options changes what is read here; what it finds there
# it learns at the first prompt. It changes no file, keeps hooks and `$?`, and does nothing where other
# marks are found. Everything it defines begins with __bowline.

# Runs at the first prompt, after all files.
__bowline_set_up() {
    builtin local -i result=$?
    builtin emulate -L zsh -o no_err_exit -o no_err_return -o no_aliases -o no_warn_create_global
    # Agents' hooks call `bowline`; the user's files may have set PATH anew.
    if [[ -n ${BOWLINE_BIN-} ]] && ! builtin whence -p bowline >/dev/null; then
        builtin typeset -gx PATH=$PATH:${BOWLINE_BIN:h}
    fi

    builtin zmodload zsh/parameter 2>/dev/null
    builtin local name texts=$PS1
    for name in ${(k)functions}; do
        # Has the text of marks that it makes only when told to.
        [[ $name == (__bowline*|_p9k*|p10k*) ]] || texts+=${functions[$name]}
    done
    builtin typeset -g __bowline_marks=1 __bowline_folders=1
    if [[ $texts == *($'\e'|'\e'|'\E'|'\033'|'\x1b')']133;'* ]] ||
        [[ ${POWERLEVEL9K_TERM_SHELL_INTEGRATION-} == true ]]; then
        __bowline_marks=
    fi
    if [[ $texts == *($'\e'|'\e'|'\E'|'\033'|'\x1b')']7;'* ]]; then
        __bowline_folders=
    fi

    builtin typeset -g __bowline_open=$'\e]' __bowline_close=$'\a'
    if [[ -n ${TMUX-} ]]; then
        __bowline_open=$'\ePtmux;\e\e]' __bowline_close=$'\a\e\\'
    fi
    builtin typeset -g __bowline_ready="%{${__bowline_open}133;B${__bowline_close}%}"
    builtin typeset -g __bowline_ran= __bowline_folder= __bowline_folder_of=

    # Last, so that what others make of PS1 is there.
    builtin typeset -ga precmd_functions preexec_functions
    precmd_functions=(${precmd_functions:#__bowline_set_up} __bowline_prompt)
    preexec_functions+=(__bowline_begin)
    __bowline_prompt $result
}

__bowline_url() {
    builtin local LC_ALL=C byte hex
    builtin local -i index
    __bowline_folder=
    for ((index = 1; index <= $#PWD; index++)); do
        byte=$PWD[index]
        if [[ $byte == [a-zA-Z0-9/._~-] ]]; then
            __bowline_folder+=$byte
        else
            builtin printf -v hex '%%%02X' $((#byte & 255))
            __bowline_folder+=$hex
        fi
    done
    __bowline_folder_of=$PWD
}

__bowline_prompt() {
    builtin local -i result=${1-$?}
    builtin emulate -L zsh -o no_err_exit -o no_err_return -o no_multibyte
    [[ -t 1 ]] || builtin return 0
    if [[ -n $__bowline_folders ]]; then
        if [[ $PWD != "$__bowline_folder_of" ]]; then
            __bowline_url
        fi
        builtin print -rn -- "${__bowline_open}7;file://$HOST$__bowline_folder$__bowline_close"
    fi
    [[ -n $__bowline_marks ]] || builtin return 0
    if [[ -n $__bowline_ran ]]; then
        builtin print -rn -- "${__bowline_open}133;D;$result$__bowline_close"
        __bowline_ran=
    fi
    builtin print -rn -- "${__bowline_open}133;A$__bowline_close"
    if [[ $PS1 != *"$__bowline_ready"* ]]; then
        PS1+=$__bowline_ready
    fi
    builtin return 0
}

__bowline_begin() {
    builtin emulate -L zsh
    if [[ -n $__bowline_marks && -t 1 ]]; then
        builtin print -rn -- "${__bowline_open}133;C$__bowline_close"
        __bowline_ran=1
    fi
    builtin return 0
}

builtin typeset -ga precmd_functions
precmd_functions+=(__bowline_set_up)
