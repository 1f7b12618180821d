# What the shell protects is sent as it stands.
curl http://localhost:28139/graph -d '{"q":"${uuid()}","h":"${env.HOME}"}'
curl http://localhost:28139/graph -H 'Content-Type: application/json' -d '{"q":"${uuid()}","${a}":"\${b} $c"}'
curl http://localhost:28139/form --data-urlencode 'q=${uuid()}' -d "price=\${now}" -b 'c=${x}' -A 'a ${timestamp()} b'
curl 'http://localhost:28139/glob/${uuid()}' -d @template.txt
curl -F 'f=${uuid()}' -F 'g=<template.txt' http://localhost:28139/parts
A='${uuid()}'
curl http://localhost:28139/variable -d "a=$A" -d "b=\$${A}"
curl http://localhost:28139/input -d @- <<'EOF'
${env.HOME} ${file(/etc/passwd)}
EOF
