#!/bin/sh
# Takes the first entry for the platform, and unpacks its layers.
set -eu
[ "$OCIPICK_OPERATION" = pull ] || exit 127
registry=${OCIPICK_REFERENCE%%/*} name=${OCIPICK_REFERENCE#*/}
types='application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json'
docker='application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json'
get() { curl --fail --silent --show-error --header "Accept: $types, $docker" "http://$registry/v2/${name%:*}/$1"; }

wanted=${OCIPICK_PLATFORM:-linux/amd64}
index=$(get "manifests/${name##*:}")
digest=$(echo "$index" | jq --raw-output --arg wanted "$wanted" \
  'first(.manifests[] | select("\(.platform.os)/\(.platform.architecture)" == $wanted) | .digest)')
[ -n "$digest" ] || { echo "nothing for $wanted" >&2; exit 1; }
manifest=$(get "manifests/$digest")
mkdir "$OCIPICK_OUT/rootfs"
for layer in $(echo "$manifest" | jq --raw-output '.layers[].digest'); do
  get "blobs/$layer" | tar --extract --gzip --directory "$OCIPICK_OUT/rootfs"
done
echo "$digest" > "$OCIPICK_OUT/digest"
