import assert from "node:assert/strict"
import { test } from "node:test"
import {
  groupsWith,
  isClusterScoped,
  isKnownResource,
  removedIn,
  subresourcesOf,
  tellingSubresources,
} from "./catalogue.ts"
import { CATALOGUE } from "./catalogue-table.ts"
import { PROTECTED } from "./protected.ts"

test("subresources that matter are subresources that exist", () => {
  const wrong = CATALOGUE.flatMap(([group, resource]) =>
    tellingSubresources(group, resource).filter((name) => !subresourcesOf(group, resource).includes(name)),
  )
  assert.deepEqual(wrong, [])
})

test("what is protected exists today, gateways apart, which are custom resources", () => {
  const wrong = PROTECTED.filter(({ group }) => group !== "gateway.networking.k8s.io").flatMap(
    ({ group, resources }) =>
      resources.filter((text) => {
        const [resource = "", subresource] = text.split("/")
        const known = subresource === undefined || subresourcesOf(group, resource).includes(subresource)
        return !isKnownResource(group, resource) || !known || removedIn(group, resource) !== undefined
      }),
  )
  assert.deepEqual(wrong, [])
})

const removed: [group: string, resource: string, minor: number | undefined][] = [
  ["policy", "podsecuritypolicies", 25],
  ["extensions", "ingresses", 22],
  ["resource.k8s.io", "podschedulingcontexts", 32],
  ["policy", "poddisruptionbudgets", undefined],
]
for (const [group, resource, minor] of removed) {
  test(`${resource} of ${group} ${minor === undefined ? "is still served" : `is gone since 1.${minor}`}`, () => {
    assert.equal(removedIn(group, resource)?.minor, minor)
  })
}

test("a resource is looked for where it is today first", () => {
  assert.equal(groupsWith("deployments")[0], "apps")
  assert.equal(groupsWith("ingresses")[0], "networking.k8s.io")
})

test("namespaces and nodes have no namespace, leases have one", () => {
  assert.deepEqual(
    [
      isClusterScoped("", "namespaces"),
      isClusterScoped("", "nodes"),
      isClusterScoped("coordination.k8s.io", "leases"),
    ],
    [true, true, false],
  )
})
