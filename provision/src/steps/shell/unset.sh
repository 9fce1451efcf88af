# Written anew at each set-up; `bowline setup --undo` takes it out. What stands outside of the marks is yours.
# An app's service principal: with it beside a token, programs refuse to choose, or act as it and not as you.
unset DATABRICKS_CLIENT_ID DATABRICKS_CLIENT_SECRET
