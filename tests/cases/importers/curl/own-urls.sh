curl http://localhost:28139/{a,b}/[1-3] localhost:28139/[a-e:2]?x=[01-02]
curl -g 'http://localhost:28139/{x}?y=[1]'
curl http://localhost:28139/a/../b/./c#fragment
curl 'localhost:28139?x=1' --url-query 'y=2 3' --url-query '+z=4'
curl 'http://localhost:28139/ü/%C3%BC?q=%20+'
curl --next -s http://localhost:28139/first -d x=1 --next http://localhost:28139/second
