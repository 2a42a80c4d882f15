# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034  # the lists are for those who source this
# What a machine needs for the project: Debian's packages, and the Python tools in .venv.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export VIRTUAL_ENV=$repo/.venv PATH=$repo/.venv/bin:$PATH:/usr/sbin:/sbin
# Ansible refuses to start in a locale that isn't UTF-8, and a bare system has none.
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

build_packages=(cmake ninja-build gcc libc6-dev pkg-config
  libjansson-dev libmd-dev libmount-dev libblkid-dev libyaml-dev libcmocka-dev)
ansible_packages=(python3 python3-venv ca-certificates openssh-client)
lab_packages=(mmdebstrap systemd-container iproute2 netcat-openbsd util-linux mount e2fsprogs
  bsdextrautils)
# Only where a level with virtual machines runs: these are large.
vm_packages=(qemu-system-x86 qemu-utils mmdebstrap)
# For a real API server; the Go to build it with is downloaded by any other one.
kube_packages=(postgresql openssl)
command -v go >/dev/null || kube_packages+=(golang-go)
test_packages=(busybox qemu-user-static git binutils clang libclang-rt-dev shellcheck strace procps xfsprogs btrfs-progs fdisk gdisk cryptsetup-bin mdadm)
# Whose contents the tests put on a disk, to see them refused.
foreign_packages=(dosfstools erofs-utils exfatprogs f2fs-tools genisoimage gfs2-utils jfsutils
  nilfs-tools ntfs-3g reiserfsprogs squashfs-tools udftools util-linux-extra)

# install_packages NAME...: whatever of these isn't installed. Fails when that takes root.
install_packages() {
  local name missing=()
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] ||
      missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$EUID" -ne 0 ]; then
    echo "Not installed, and installing takes root: apt-get install ${missing[*]}" >&2
    return 1
  fi
  apt-get -qq update &&
    apt-get -qq install --no-install-recommends "${missing[@]}"
}

# make_venv: .venv with the tools of requirements.txt, made again when these change.
make_venv() {
  local wanted=$repo/scripts/lib/requirements.txt venv=$repo/.venv
  cmp -s "$wanted" "$venv/requirements.txt" || {
    rm -rf "$venv" &&
      /usr/bin/python3 -m venv "$venv" &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted" &&
      cp "$wanted" "$venv/requirements.txt"
  }
}

# build PRESET [TARGET]
build() (
  cd "$repo" && cmake --preset "$1" && cmake --build --preset "$1" ${2:+--target "$2"}
)
