# Bodies in all their forms.
curl http://localhost:28139/a -d @note.txt
curl http://localhost:28139/b --data-binary @note.txt
curl http://localhost:28139/c -d a=1 -d @note.txt -d 'b=2 3'
curl http://localhost:28139/d --data-urlencode 'q=a b&c/ü' --data-urlencode note@note.txt --data-urlencode '=x y' --data-urlencode plain
curl http://localhost:28139/e --data-raw '@note.txt'
curl http://localhost:28139/f -d @- < note.txt
curl http://localhost:28139/g -d @- <<EOT
two
lines
EOT
curl http://localhost:28139/h -H 'Content-Type: application/json' -d '{"a": [1, 2, {"b": null}], "t": "a\u00e9\n"}'
curl http://localhost:28139/i -H 'Content-Type: application/json' -d '{"number": 12345678901234567890123, "dup": 1, "dup": 2}'
curl http://localhost:28139/j --json '{"a": 1}' -H 'Accept: text/plain'
curl http://localhost:28139/k -d 123
curl http://localhost:28139/l -d ''
curl http://localhost:28139/m -H 'Content-Type: text/xml' -d '<a>b</a>'
curl -G http://localhost:28139/n?x=1 -d y=2 --data-urlencode 'z=3 4'
curl http://localhost:28139/o -H 'Content-Type:' -d a=b
