#!/usr/bin/env bash
# Loops over what is known: each is one step of the plan.
BASE=${BASE:-http://localhost:28139}
for i in {1..3}; do
  curl -s "$BASE/items/$i" -H "X-Item: ${i}" > /dev/null
done
for i in $(seq 2 2 6); do curl -s $BASE/even/$i; done
for name in ada "grace h"; do
  for kind in new old; do
    curl -s "$BASE/$kind" --json "{\"name\": \"$name\"}"
  done
done
for ((n = 0; n < 2; n++)); do
  curl -s "$BASE/page?n=$n"
done
# The value is not needed.
for attempt in 1 2; do curl -s "$BASE/again"; done
# The value is needed to know what is sent.
for file in note.txt word.txt; do
  curl -s -T "$file" "$BASE/files/${file%.txt}"
done
while read -r path; do
  curl -s "$BASE/$path"
done <<EOF
one
two
EOF
printf 'three\nfour\n' | while IFS= read -r path; do curl -s "$BASE/$path"; done
