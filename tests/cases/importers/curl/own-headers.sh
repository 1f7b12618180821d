TOKEN=abc123
export TENANT="acme corp"
curl -sSLk http://localhost:28139/a -H "Authorization: Bearer $TOKEN" -H "X-Tenant: ${TENANT}" \
  -H 'X-Twice: 1' -H 'X-Twice: 2' -H 'X-Empty;' -H 'Accept:' -A 'agent/1.0' -e 'http://localhost:28139/from'
curl http://localhost:28139/b -b 'theme=dark' -b 'sid=s1' --compressed -r 0-99 | jq .
curl -u ada:'se same' http://localhost:28139/c && curl http://ada:secret@localhost:28139/d
curl --oauth2-bearer t0ken http://localhost:28139/e; curl -H @headers.txt http://localhost:28139/f
curl -A '' http://localhost:28139/g
curl -XDELETE http://localhost:28139/h
curl -X PROPFIND -H $'X-Tab: a\'b' http://localhost:28139/i
curl -K calls.conf
curl -I http://localhost:28139/j
