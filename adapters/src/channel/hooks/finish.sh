# Runs as an extract hook of mmdebstrap: makes sure that what was unpacked is what the archives
# hold, and nothing else, then drops what no tool reads.
#
# $1 is the new root directory, OCIPICK_WORK a directory for what the caller reads.
set -eu
root=$1
work=$OCIPICK_WORK

fail() {
  printf 'E: %s\n' "$*" >&2
  exit 1
}

printf 'verifying\n' >>"$work/stages"
cd "$root"
: >"$work/md5sums"
: >"$work/control"
for archive in var/cache/apt/archives/*.deb; do
  grep -qF "  ${archive##*/}" "$work/sums" || fail "${archive##*/} was not asked for"
  dpkg-deb --ctrl-tarfile "$archive" >"$work/control.tar"
  # Some packages ship no list of their files.
  tar --extract --to-stdout --file "$work/control.tar" ./md5sums >>"$work/md5sums" 2>/dev/null ||
    true
  # What it was built with stands there; an empty line parts one package from the next.
  tar --extract --to-stdout --file "$work/control.tar" ./control >>"$work/control" 2>/dev/null ||
    true
  printf '\n' >>"$work/control"
done
if ! md5sum --check --strict --quiet "$work/md5sums" >"$work/wrong" 2>&1; then
  fail "not what its archive holds: $(head -n 1 "$work/wrong")"
fi
rm -rf usr/share/doc usr/share/info usr/share/lintian usr/share/locale usr/share/man
