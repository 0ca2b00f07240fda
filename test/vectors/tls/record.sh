#!/bin/sh
# Makes the certificates of the tests of checks, with openssl 3: www.pem of the authority ca.pem is valid until 2099, expired.pem of
# the same authority and name has ended in 2021. key.pem is the key of all three.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
name='subjectAltName=DNS:www.example.com,IP:127.0.0.1'
openssl ecparam -name prime256v1 -genkey -noout -out key.pem
openssl req -new -key key.pem -subj '/CN=Test authority' -out "$work/ca.csr"
openssl req -new -key key.pem -subj /CN=www.example.com -addext "$name" -out "$work/www.csr"
: >"$work/index"
cat >"$work/ca.cnf" <<EOF
[ca]
default_ca = test
[test]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
private_key = key.pem
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
[server]
basicConstraints = CA:FALSE
EOF
sign() { openssl ca -batch -notext -config "$work/ca.cnf" -extensions "$@"; }
sign authority -selfsign -startdate 20200101000000Z -enddate 20991231000000Z -in "$work/ca.csr" -out ca.pem
sign server -cert ca.pem -startdate 20200101000000Z -enddate 20991231000000Z -in "$work/www.csr" -out www.pem
sign server -cert ca.pem -startdate 20200101000000Z -enddate 20210101000000Z -in "$work/www.csr" -out expired.pem
