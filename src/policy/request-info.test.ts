import assert from "node:assert/strict"
import { test } from "node:test"
import { attributesOf, isLongRunning } from "./request-info.ts"

// [why, method, url, "group/version namespace resource/subresource name" or the path, verb]
const rows: readonly [why: string, method: string, url: string, what: string, verb: string][] = [
  ["discovery is no resource", "GET", "/apis/apps/v1/", "/apis/apps/v1/", "get"],
  ["other verbs of discovery are the method", "HEAD", "/version?x=1", "/version", "head"],
  ["a list has no name", "GET", "/api/v1/pods", "/v1  pods/ ", "list"],
  ["HEAD on a list is a list", "HEAD", "/api/v1/pods", "/v1  pods/ ", "list"],
  ["watch by parameter", "GET", "/api/v1/namespaces/n/pods?watch", "/v1 n pods/ ", "watch"],
  ["watch=0 is a list", "GET", "/api/v1/namespaces/n/pods?watch=0", "/v1 n pods/ ", "list"],
  ["watch with a name is a get", "GET", "/api/v1/namespaces/n/pods/p?watch=true", "/v1 n pods/ p", "get"],
  [
    "a list of one by field selector",
    "GET",
    "/api/v1/pods?fieldSelector=metadata.name%3Dp",
    "/v1  pods/ p",
    "list",
  ],
  ["not by an unequal one", "GET", "/api/v1/pods?fieldSelector=metadata.name!%3Dp", "/v1  pods/ ", "list"],
  [
    "nor on a deletion",
    "DELETE",
    "/api/v1/pods?fieldSelector=metadata.name%3Dp",
    "/v1  pods/ ",
    "deletecollection",
  ],
  ["a namespace is its own namespace", "DELETE", "/api/v1/namespaces/n", "/v1 n namespaces/ n", "delete"],
  [
    "status of a namespace is a subresource",
    "PUT",
    "/api/v1/namespaces/n/status",
    "/v1 n namespaces/status n",
    "update",
  ],
  ["a whole URL is its path", "GET", "https://192.0.2.10:6443/api/v1/pods?watch=1", "/v1  pods/ ", "watch"],
  ["of a URL without an authority too", "GET", "http:/api/v1/pods", "/v1  pods/ ", "list"],
  ["and where nothing is behind it", "GET", "https://192.0.2.10?watch=1", "", "get"],
  ["an odd method has no verb", "OPTIONS", "/api/v1/pods", "/v1  pods/ ", ""],
  ["the legacy watch prefix", "GET", "/api/v1/watch/namespaces/n/pods/p", "/v1 n pods/ p", "watch"],
  ["the legacy proxy prefix", "GET", "/api/v1/proxy/namespaces/n/pods/p", "/v1 n pods/ p", "proxy"],
  ["what is proxied has no subresource", "GET", "/api/v1/proxy/nodes/n/stats", "/v1  nodes/ n", "proxy"],
  [
    "the legacy prefix knows no field selector",
    "GET",
    "/api/v1/watch/pods?fieldSelector=metadata.name%3Dp",
    "/v1  pods/ ",
    "watch",
  ],
  ["the legacy prefix alone is its method", "POST", "/api/v1/watch", "/v1  / ", "post"],
  ["watch=FALSE is a list", "GET", "/api/v1/pods?watch=FALSE", "/v1  pods/ ", "list"],
  ["of two watch parameters the first counts", "GET", "/api/v1/pods?watch=0&watch=1", "/v1  pods/ ", "list"],
  ["a pair with a semicolon is no pair", "GET", "/api/v1/pods?watch=x;y", "/v1  pods/ ", "list"],
  ["nor one with a broken escape", "GET", "/api/v1/pods?watch=%zz", "/v1  pods/ ", "list"],
  [
    "no name that a path could not hold",
    "GET",
    "/api/v1/pods?fieldSelector=metadata.name%3D..",
    "/v1  pods/ ",
    "list",
  ],
  [
    "nor with another term that is none",
    "GET",
    "/api/v1/pods?fieldSelector=metadata.name%3Dp,x",
    "/v1  pods/ ",
    "list",
  ],
  [
    "nor beside a limit that is no number",
    "GET",
    "/api/v1/pods?limit=x&fieldSelector=metadata.name%3Dp",
    "/v1  pods/ ",
    "list",
  ],
  [
    "nor beside a label selector that is none",
    "GET",
    "/api/v1/pods?labelSelector=(&fieldSelector=metadata.name%3Dp",
    "/v1  pods/ ",
    "list",
  ],
  [
    "an escaped comma is part of the name",
    "GET",
    "/api/v1/pods?fieldSelector=metadata.name%3Dp%5C%2Cq",
    "/v1  pods/ p,q",
    "list",
  ],
  ["bytes that are no UTF-8 are still decoded", "GET", "/api/v1/%ff/a%2Fb", "/v1  \ufffd/b a", "get"],
  ["an encoded slash is a slash", "GET", "/api/v1/namespaces/n/pods/a%2Fexec", "/v1 n pods/exec a", "get"],
  [
    "a group and a subresource",
    "PUT",
    "/apis/apps/v1/namespaces/n/deployments/d/scale",
    "apps/v1 n deployments/scale d",
    "update",
  ],
]
for (const [why, method, url, what, verb] of rows) {
  test(`attributesOf: ${why}`, () => {
    const info = attributesOf(method, url)
    const { apiGroup, apiVersion, namespace, resource, subresource, name, path } = info
    const seen = info.isResourceRequest
      ? `${apiGroup}/${apiVersion} ${namespace} ${resource}/${subresource} ${name}`
      : path
    assert.deepEqual([seen, info.verb], [what, verb])
  })
}

test("long-running: what gets a ResponseStarted event", () => {
  const yes = [
    "/debug/pprof/heap",
    "/api/v1/pods?watch=1",
    "/api/v1/namespaces/n/pods/p/exec",
    "/api/v1/namespaces/n/pods/p/log",
  ]
  const no = ["/debug", "/api/v1/pods", "/api/v1/namespaces/n/pods/p/eviction"]
  for (const url of yes) assert.ok(isLongRunning(attributesOf("GET", url)), url)
  for (const url of no) assert.ok(!isLongRunning(attributesOf("GET", url)), url)
})
