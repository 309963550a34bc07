#!/usr/bin/env bash
# Prints where the Python of a name is: on the path, known to uv, or under pyenv's versions. Ends with 1 where none answers.
#
#   bash tests/interpreter.sh python3.13

candidates() {
  local version=${1##*python}
  command -v "$1"
  uv python find --system "$1"
  ls -d "$(pyenv root)/versions/$version"{,.*}/bin/python
}

# A name on the path need not answer: pyenv puts there those of all its versions.
while read -r python; do
  if "$python" -c ""; then
    echo "$python"
    exit 0
  fi
done 2>/dev/null < <(candidates "$1" 2>/dev/null)
exit 1
