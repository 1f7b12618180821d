#!/bin/bash
# Requests that stand where scripts have them, and what they read.
API="http://localhost:28139/"
BASE="${API%/}/api"
WHO=ada
if curl -s "$BASE/if" > /dev/null; then
  (curl "$BASE/subshell")
fi
{ curl "$BASE/group"; } && ! curl "$BASE/not"
cat <<EOF | curl -d @- "$BASE/cat"
{"from": "$WHO", "price": "\$5"}
EOF
curl -d @- <<'EOF' "$BASE/behind" -H 'X-Behind: 1'
$kept ${as} `it` is
EOF
echo '{"a": 1}' | curl --json @- "$BASE/echo"
printf '%s-%s' a b | tee /dev/null | curl -d @- "$BASE/printf"
cat note.txt | curl --data-binary @- "$BASE/file"
curl "$BASE/page" | grep -o 'href="[^"]*"' &> /dev/null
curl -H "X-Encoded: $(echo -n 'a b' | base64)" "$BASE/encoded?f=$(cat word.txt)"
send() {
  curl -d "$(echo x)" "$BASE/function"
}
send
for part in one; do
  curl "$BASE/$part"
done
PRINTED=$(curl -s -o /dev/null -w '%{http_code}' "$BASE/status")
echo "$PRINTED"
