# Runs as a setup hook of mmdebstrap, which goes on with what this leaves: package lists, and the
# archives to unpack. So every release downloads into one directory, and nothing twice.
#
# $1 is the new root directory. The rest is in the environment:
#   OCIPICK_WORK      a directory for what the caller reads
#   OCIPICK_ARCHIVES  where archives are kept for all releases
#   OCIPICK_LOCK      locked while archives are downloaded
#   OCIPICK_PATTERN   what to install: the wanted packages, as far as the release has them
#   OCIPICK_EXPIRED   `accept` where archive metadata may be past its date
#   OCIPICK_SUITE     the release
#   OCIPICK_ADDITION  a suite to add to it, or nothing
#   OCIPICK_TOOLS     the packages that come from there where it has newer ones
set -eu
root=$1
work=$OCIPICK_WORK
archives=$OCIPICK_ARCHIVES
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"

stage() { printf '%s\n' "$*" >>"$work/stages"; }

fail() {
  printf 'E: %s\n' "$*" >&2
  exit 1
}

# The store need not be readable by the user that apt would download as.
apt() {
  setpriv --pdeathsig KILL apt-get --yes -oAPT::Sandbox::User=root -oAPT::Status-Fd=8 "$@" \
    8>"$work/status"
}

if [ -n "$OCIPICK_ADDITION" ]; then
  added=$root/etc/apt/sources.list.d/addition.list
  sed -n "s/ $OCIPICK_SUITE / $OCIPICK_ADDITION /p" "$root/etc/apt/sources.list" >"$added"
  [ -s "$added" ] || fail "no source of $OCIPICK_SUITE to add $OCIPICK_ADDITION to"
fi

stage indexing
if ! apt update --error-on=any >"$work/update" 2>&1; then
  since=$(sed -n 's/.* is expired (\(invalid since [^)]*\)).*/\1/p' "$work/update" | head -n 1)
  if [ -z "$since" ] || [ "$OCIPICK_EXPIRED" != accept ]; then
    cat "$work/update" >&2
    exit 1
  fi
  apt update --error-on=any -oAcquire::Check-Valid-Until=false >&2
  printf '%s\n' "$since" >"$work/expired"
fi

stage planning
if [ -n "$OCIPICK_ADDITION" ]; then
  # What is newest there is asked of there, and apt takes along what that needs from there. The
  # choice is then written down, so that whoever asks for the pattern gets the same.
  set --
  for name in $OCIPICK_TOOLS; do
    if apt-cache madison "$name" | head -n 1 | grep -q " $OCIPICK_ADDITION/"; then
      set -- "$@" "$name/$OCIPICK_ADDITION"
    fi
  done
  [ $# -gt 0 ] || fail "$OCIPICK_ADDITION has nothing newer than $OCIPICK_SUITE"
  apt --simulate install "$OCIPICK_PATTERN" "$@" >"$work/plan"
  sed -n "s/^Inst \([^ ]*\) ([^ ]* [^ ]*:$OCIPICK_ADDITION \[.*/\1/p" "$work/plan" >"$work/added"
  printf 'Package: %s\nPin: release a=%s\nPin-Priority: 990\n' \
    "$(tr '\n' ' ' <"$work/added")" "$OCIPICK_ADDITION" >"$root/etc/apt/preferences.d/addition"
fi
# Nothing lies in the root directory yet, so every package is printed.
apt --print-uris -oAcquire::ForceHash=sha256 install "$OCIPICK_PATTERN" >"$work/uris"
sed -n "s/^'[^']*' \([^ ]*\) [0-9]* SHA256:\([0-9a-f]*\)\$/\2  \1/p" "$work/uris" >"$work/sums"
[ -s "$work/sums" ] || fail "the release has none of the packages"

exec 9>>"$OCIPICK_LOCK"
if ! flock --nonblock 9; then
  stage waiting
  flock 9
fi
mkdir -p "$archives/partial"
cd "$archives"
# apt believes an archive of the right size, so those that are there are looked at before.
while read -r sum file; do
  if [ -e "$file" ]; then printf '%s  %s\n' "$sum" "$file"; fi
done <"$work/sums" >"$work/there"
if [ -s "$work/there" ]; then
  sha256sum --check --quiet "$work/there" 2>/dev/null | sed -n 's/: FAILED.*$//p' |
    while read -r file; do rm -f -- "$file"; done
fi
stage downloading
apt --download-only -oDir::Cache::archives="$archives" install "$OCIPICK_PATTERN" \
  >"$work/download"
if ! sha256sum --check --strict --quiet "$work/sums" >"$work/wrong" 2>&1; then
  fail "not what the package list says: $(head -n 1 "$work/wrong")"
fi
mkdir -p "$root/var/cache/apt/archives"
while read -r sum file; do
  ln -- "$file" "$root/var/cache/apt/archives/$file"
done <"$work/sums"
exec 9>&-
stage unpacking
