#!/usr/bin/env bash
API="http://localhost:28139/api"
opts=(-s -H "X-Tenant: acme" -H 'Accept: application/json')

get() {
  curl "${opts[@]}" "$API/$1"
}
post() {
  local path=$1
  shift
  curl "${opts[@]}" -X POST -H 'Content-Type: application/json' -d "$1" "$API/$path"
}
function del { curl "${opts[@]}" -X DELETE "$API/$1"; }
call() { curl -s "$@"; }

get users
get "users/42?full=1"
post users '{"name": "Ada", "tags": ["a b", "}"]}'
for id in 7 8; do get "users/$id"; done
del users/42
call -X PUT "$API/users/42" --data-urlencode 'note=a b'
