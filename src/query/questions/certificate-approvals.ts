import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { CHANGES, ENDED, NAME, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const certificateApprovals: Question = {
  name: "certificate-approvals",
  title: "Who approved certificates?",
  about:
    "An approved request becomes a client certificate that cannot be revoked. Kubelets' own are " +
    "approved by a controller, which is left out.",
  parameters: [NAME, USER],
  ask: ({
    where,
  }) => logsql`objectRef.resource:=certificatesigningrequests objectRef.subresource:=approval ${CHANGES}
    ${ENDED} -actor.kind:in(controller, controlplane)
    ${where("name", "objectRef.name")} ${where("user", "user.username")} | ${WHO_WHAT},
    requestObject.spec.signerName, requestObject.spec.username`,
  needs: [
    {
      group: "certificates.k8s.io",
      resources: ["certificatesigningrequests/approval"],
      verbs: ["update", "patch"],
      level: "Request",
    },
  ],
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "11:00:00",
        user: "eve",
        verb: "update",
        resource: "certificatesigningrequests",
        subresource: "approval",
        group: "certificates.k8s.io",
        name: "eve-admin",
        request: {
          kind: "CertificateSigningRequest",
          spec: { signerName: "kubernetes.io/kube-apiserver-client", username: "eve" },
        },
      }),
    ],
    others: [
      exampleEvent({
        at: "11:01:00",
        verb: "create",
        resource: "certificatesigningrequests",
        group: "certificates.k8s.io",
        name: "approval",
      }),
      exampleEvent({
        at: "11:02:00",
        user: "system:serviceaccount:kube-system:certificate-controller",
        verb: "update",
        resource: "certificatesigningrequests",
        subresource: "approval",
        group: "certificates.k8s.io",
        name: "csr-n1",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T11:00:00Z",
        "user.username": "eve",
        verb: "update",
        "objectRef.resource": "certificatesigningrequests",
        "objectRef.subresource": "approval",
        "objectRef.name": "eve-admin",
        "responseStatus.code": "200",
        "requestObject.spec.signerName": "kubernetes.io/kube-apiserver-client",
        "requestObject.spec.username": "eve",
      },
    ],
  },
}
