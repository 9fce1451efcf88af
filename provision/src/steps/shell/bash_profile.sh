# Written anew at each set-up; `bowline setup --undo` takes it out. What stands outside of the marks is yours.
# bash reads this file instead of the others, so it reads them.
if [ -r ~/.bash_login ]; then
    . ~/.bash_login
elif [ -r ~/.profile ]; then
    . ~/.profile
fi
if [ -z "${__bowline_shell-}" ] && [ -r ~/.bashrc ]; then
    . ~/.bashrc
fi
