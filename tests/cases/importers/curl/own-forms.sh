curl http://localhost:28139/a -F 'text=a b' -F 'typed={"x": 1};type=application/json' -F 'file=@note.txt'
curl http://localhost:28139/b -F 'file=@note.txt;type=text/markdown;filename="read me.md"' -F 'content=<note.txt' --form-string 'raw=@note.txt;type=x'
curl -T note.txt http://localhost:28139/up/
curl -T note.txt -X POST http://localhost:28139/up/as
