#!/usr/bin/env bash
# Deploys every function from one image, and what wakes them. docs/deploy.md says what must be there before.
#
# usage: deploy.sh IMAGE@sha256:DIGEST
#   OVERLAY  the Kustomize folder that is applied first (infra/knative/base)
#   WITH     `func`: every functions/**/func.yaml by func deploy; `services`: the Knative Services of infra/knative/services
#   FUNC     how func is called here: func, or "kn func"; whichever is found where it is not given
set -euo pipefail
cd "$(dirname "$0")/../.."
image=${1:-} overlay=${OVERLAY:-infra/knative/base} with=${WITH:-func} namespace=cutwater

say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }
fail() { printf '%s\n' "$@" >&2; exit 1; }

find_func() {
  if [ -n "${FUNC:-}" ]; then echo "$FUNC"
  elif command -v func >/dev/null; then echo func
  elif command -v kn >/dev/null && kn func version >/dev/null 2>&1; then echo "kn func"
  else fail "Neither func nor kn with its func plugin is on PATH: install one, or deploy without it (make deploy WITH=services)."
  fi
}

check_tools() {
  [[ $image =~ @sha256:[0-9a-f]{64}$ ]] ||
    fail "REPO names no image by digest: '$image'. It looks like registry.example.com/cutwater@sha256:… (make image prints it)."
  command -v kubectl >/dev/null || fail "kubectl is not on PATH."
  case $with in
  func) func=$(find_func) ;;
  services) ;;
  *) fail "WITH is func or services, not '$with'." ;;
  esac
}

check_cluster() {
  local group kinds
  for group in serving.knative.dev eventing.knative.dev; do
    kinds=$(kubectl api-resources --api-group="$group" -o name 2>&1) ||
      fail "The cluster of the current kubectl context does not answer:" "$kinds"
    [ -n "$kinds" ] || fail "The cluster has no $group: install Knative Serving and Eventing first."
  done
}

# What the functions mount and the cluster must have: func refuses to deploy without it, and a Service would not start.
check_given() {
  local files kind missing=()
  mapfile -t files < <(find functions -name func.yaml | sort)
  for kind in secret configMap; do
    while read -r name; do
      kubectl --namespace "$namespace" get "$kind" "$name" -o name >/dev/null 2>&1 || missing+=("$kind $name")
    done < <(sed -nE "s/.*\b$kind: ?([a-z0-9-]+).*/\1/p" "${files[@]}" | sort -u)
  done
  [ ${#missing[@]} = 0 ] ||
    fail "These are not in namespace $namespace (docs/deploy.md, step 3, makes them):" "${missing[@]/#/  }"
}

# From a copy, because func writes its state into func.yaml.
deploy_function() {
  local file=$1 name seconds copy
  name=$(sed -n 's/^name: //p' "$file")
  seconds=$(sed -nE 's|.*cutwater.dev/timeout-seconds: "([0-9]+)".*|\1|p' "$file")
  copy=$scratch/$name
  mkdir "$copy" && cp "$file" "$copy"
  say "function $name"
  $func deploy --path "$copy" --image "$image" --build=false --push=false --namespace "$namespace" </dev/null
  [ -z "$seconds" ] || kubectl --namespace "$namespace" patch services.serving.knative.dev "$name" --type merge --patch \
    "{\"spec\":{\"template\":{\"spec\":{\"timeoutSeconds\":$seconds,\"responseStartTimeoutSeconds\":$seconds}}}}"
}

check_tools
check_cluster
say "what wakes the functions, and what they may do ($overlay)"
kubectl apply -k "$overlay"
check_given
if [ "$with" = services ]; then
  say "the functions (infra/knative/services)"
  kubectl kustomize infra/knative/services | sed "s#image: cutwater\$#image: $image#" | kubectl apply -f -
else
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  find functions -name func.yaml | sort | while read -r file; do deploy_function "$file"; done
fi
kubectl --namespace "$namespace" get services.serving.knative.dev
