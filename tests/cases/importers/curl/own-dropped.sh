# What a plan cannot do is noted, not ignored.
curl --limit-rate 1M --retry 3 --unknown-option ftp://localhost/file
curl http://localhost:28139/x?now=$(date +%s) --connect-timeout 3 --interface eth0 --ciphers ALL -u ada --http2
wget http://localhost:28139/y
curl
curl -b jar.txt -c jar.txt http://localhost:28139/z -T -
