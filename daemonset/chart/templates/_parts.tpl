{{- define "labels" -}}
app.kubernetes.io/name: ovs-cni
app.kubernetes.io/component: {{ ternary "removal" "node" .Values.remove }}
{{- end }}

{{- define "name" -}}
{{ ternary "ovs-cni-remove" "ovs-cni" .Values.remove }}
{{- end }}

{{- define "image" -}}
{{- with .Values.image -}}
image: {{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
imagePullPolicy: {{ .pullPolicy }}
{{- end }}
{{- end }}

{{- define "switch security" -}}
{{- if eq .Values.configuration.datapath "netdev" -}}
privileged: true # the userspace datapath opens /dev/net/tun
{{- else -}}
capabilities:
  drop: [ALL]
  # NET_ADMIN: the kernel's datapath and links. NET_BROADCAST: links in other namespaces. NET_RAW: OVS's own
  # packets (BFD, LACP), and tcpdump.
  add: [NET_ADMIN, NET_BROADCAST, NET_RAW]
allowPrivilegeEscalation: false
{{- end }}
readOnlyRootFilesystem: true
{{- end }}

{{- define "agent security" -}}
capabilities:
  drop: [ALL]
  # NET_ADMIN: gateway addresses, routes, nftables, forwarding.
  {{- if .Values.ovs.host }}
  # DAC_OVERRIDE: the sockets of the host's switch may belong to another user.
  {{- end }}
  add: [NET_ADMIN{{ if .Values.ovs.host }}, DAC_OVERRIDE{{ end }}]
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
{{- end }}

{{- define "folders" -}}
{{- $configuration := .Values.configuration -}}
- {name: configuration, configMap: {name: {{ include "name" . }}}}
- {name: run-switch, hostPath: {path: {{ dir $configuration.ovsdbSocket }}, type: DirectoryOrCreate}}
- {name: run-agent, hostPath: {path: {{ dir $configuration.cniSocket }}, type: DirectoryOrCreate}}
- {name: cni-configuration, hostPath: {path: {{ $configuration.cniConfigDirectory }}, type: DirectoryOrCreate}}
- {name: cni-plugins, hostPath: {path: {{ $configuration.cniBinDirectory }}, type: DirectoryOrCreate}}
{{- if not .Values.ovs.host }}
- {name: switch-database, hostPath: {path: /var/lib/openvswitch, type: DirectoryOrCreate}}
- {name: switch-scratch, emptyDir: {medium: Memory}} # ovsdb-server makes a temporary file at start
{{- end }}
{{- end }}

{{- define "access volume" -}}
- name: access
  projected:
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3607}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
      # Even the default of apiVersion, or a second `kubectl apply` would find a difference in this list.
      - downwardAPI: {items: [{path: namespace, fieldRef: {apiVersion: v1, fieldPath: metadata.namespace}}]}
{{- end }}

{{- define "agent mounts" -}}
{{- $configuration := .Values.configuration -}}
- {name: configuration, mountPath: /etc/ovs-cni, readOnly: true}
- {name: run-switch, mountPath: {{ dir $configuration.ovsdbSocket }}}
- {name: run-agent, mountPath: {{ dir $configuration.cniSocket }}}
- {name: cni-configuration, mountPath: {{ $configuration.cniConfigDirectory }}}
- {name: cni-plugins, mountPath: {{ $configuration.cniBinDirectory }}}
{{- end }}

{{- define "node pod" -}}
hostNetwork: true
dnsPolicy: Default
priorityClassName: system-node-critical
tolerations: [{operator: Exists}] # every taint: without this network a node stays NotReady
nodeSelector: {kubernetes.io/os: linux}
terminationGracePeriodSeconds: 10
securityContext:
  seccompProfile: {type: RuntimeDefault}
  seLinuxOptions: {type: spc_t} # where SELinux is on, the host's folders could not be written otherwise
{{- end }}
