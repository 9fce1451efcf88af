#!/bin/bash
# Draws and waits like a coding agent in a terminal: keys one by one, a spinner inside synchronized output,
# streamed text, a question in between. `agent.sh plain|bell|notify|words|progress`: how it calls
# its user; `agent.sh pauses` is silent now and then, and asks nothing.
style=${1-plain}
saved=$(stty -g)
trap 'stty "$saved"; printf "\e[?25h\e[?2004l\n"' EXIT
stty raw -echo isig
interrupted=
trap 'interrupted=1' INT
printf '\e[?25l\e[?2004h'
word() { [[ $style == words ]] && printf '\e]7777;bowline;status=%s\e\\' "$1"; }
call() {
    case $style in
    bell) printf '\a' ;;
    notify) printf '\e]9;%s\e\\' "$1" ;;
    words) word "$2" ;;
    esac
}
progress() { [[ $style == progress ]] && printf '\e]9;4;%s\e\\' "$1"; }
frames=(✻ ✽ ✶ ✳ ✢ ·)
box() { printf '\r\n╭────────────────────────────╮\r\n│ > %-25s│\r\n╰────────────────────────────╯\e[1A\e[24D' "$1"; }
work() { # seconds text
    local tenths=$(($1 * 10)) i
    for ((i = 0; i < tenths; i++)); do
        printf '\e[?2026h\r\e[2K\e[38;5;174m%s\e[39m %s… (%ds · esc to interrupt)\e[?2026l' \
            "${frames[i % 6]}" "$2" $((i / 10))
        ((i % 23 == 22)) && printf '\r\e[2K● Read(src/file%d.rs)\r\n' "$i"
        sleep 0.1
        [[ $style == pauses && $((i % 30)) == 29 ]] && sleep 7
        if [[ $interrupted ]]; then
            interrupted=
            printf '\r\e[2K⎿ Interrupted by user\r\n'
            return 1
        fi
    done
    printf '\r\e[2K● Done: %s\r\n' "$2"
}
ask() { IFS= read -rn1 -d '' key; printf '%s' "$key"; }
line() { # reads keys up to Enter, drawing the box as it goes
    local text= key
    while IFS= read -rn1 -d '' key; do
        [[ $key == [$'\r\n'] ]] && break
        text+=$key
        printf '%s' "$key"
    done
    [[ $text != /exit ]]
}
printf '✻ Welcome\r\n'
box ''
while line; do
    printf '\r\n\r\n'
    word working; progress '3;0'
    work 8 Pondering || { progress '0;0'; box ''; continue; }
    [[ $style == pauses ]] && { box ''; continue; }
    printf 'Run the tests? 1. Yes 2. No ❯ '
    progress '4;50'; call 'Permission needed' waiting
    ask
    printf '\r\n'
    word working; progress '1;60'
    work 6 Testing || { progress '0;0'; box ''; continue; }
    progress '0;0'; call 'Finished' 'done'
    box ''
done
