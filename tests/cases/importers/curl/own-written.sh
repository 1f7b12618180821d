# Files that the script writes itself, and options that it reads.
cat > payload.json <<'EOF'
{"user": "ada", "roles": ["admin"]}
EOF
curl http://localhost:28139/payload -H 'Content-Type: application/json' -d @payload.json
cat > opts.conf <<'EOF'
# options
url = "http://localhost:28139/configured"
user-agent: "conf agent"
header = X-Two:2
data = "a=\"b\"&c=d"
next
url http://localhost:28139/second
request = "PUT"
EOF
curl -K opts.conf
curl --config - <<'EOF'
url = http://localhost:28139/read
-G
data-urlencode = "q=a b"
EOF
curl http://localhost:28139/tabs --data-binary @- <<-END
	first
	second
	END
curl http://localhost:28139/parts \
  -d one \
  `# in between` \
  -d two
eval "curl http://localhost:28139/evaluated -d 'x=1 2'"
curl -T "{note.txt,word.txt}" http://localhost:28139/several/
curl --compressed -A first http://localhost:28139/agents -H 'User-Agent: second' -H 'Accept-Encoding: gzip'
curl -F 'name= Ada ' http://localhost:28139/trimmed
