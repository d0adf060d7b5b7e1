"""The fields of a pod spec and of what stands in one, with the kind of value each takes.

A job's `spec` is Kubernetes' own; this is what tells `value: 1` of an environment variable (text) from the port of a
probe (either), and a misspelt field from a known one. Cut out of Kubernetes' published schema, 1.37.
"""

from collections.abc import Mapping
from functools import cache, lru_cache


@cache
def fields_of(name: str) -> Mapping[str, str]:
    """The fields of a type, each with its kind. Raises KeyError for a type that no pod spec holds."""
    return _types()[name]


@lru_cache(maxsize=1)
def _types() -> dict[str, dict[str, str]]:
    types: dict[str, dict[str, str]] = {}
    name = ""
    for word in _FIELDS.split():
        if word.endswith(":"):
            name = word[:-1]
            types[name] = {}
        else:
            field, _, kind = word.partition("=")
            types[name][field] = kind
    return types


# TYPE: FIELD=KIND …; text, whole, truth, quantity and json are scalars, [X] is a list of X, {X} a map from text to X.
_FIELDS = """
AWSElasticBlockStoreVolumeSource: fsType=text partition=whole readOnly=truth volumeID=text
Affinity: nodeAffinity=NodeAffinity podAffinity=PodAffinity podAntiAffinity=PodAntiAffinity
AppArmorProfile: localhostProfile=text type=text
AzureDiskVolumeSource: cachingMode=text diskName=text diskURI=text fsType=text kind=text readOnly=truth
AzureFileVolumeSource: readOnly=truth secretName=text shareName=text
CSIVolumeSource: driver=text fsType=text nodePublishSecretRef=LocalObjectReference readOnly=truth
  volumeAttributes={text}
Capabilities: add=[text] drop=[text]
CephFSVolumeSource: monitors=[text] path=text readOnly=truth secretFile=text secretRef=LocalObjectReference user=text
CinderVolumeSource: fsType=text readOnly=truth secretRef=LocalObjectReference volumeID=text
ClusterTrustBundleProjection: labelSelector=LabelSelector name=text optional=truth path=text signerName=text
  user=whole
ConfigMapEnvSource: name=text optional=truth
ConfigMapKeySelector: key=text name=text optional=truth
ConfigMapProjection: items=[KeyToPath] name=text optional=truth
ConfigMapVolumeSource: defaultMode=whole defaultUser=whole items=[KeyToPath] name=text optional=truth
Container: args=[text] command=[text] env=[EnvVar] envFrom=[EnvFromSource] image=text imagePullPolicy=text
  lifecycle=Lifecycle livenessProbe=Probe name=text ports=[ContainerPort] readinessProbe=Probe
  resizePolicy=[ContainerResizePolicy] resources=ResourceRequirements restartPolicy=text
  restartPolicyRules=[ContainerRestartRule] securityContext=SecurityContext startupProbe=Probe stdin=truth
  stdinOnce=truth terminationMessagePath=text terminationMessagePolicy=text tty=truth volumeDevices=[VolumeDevice]
  volumeMounts=[VolumeMount] workingDir=text
ContainerPort: containerPort=whole hostIP=text hostPort=whole name=text protocol=text
ContainerResizePolicy: resourceName=text restartPolicy=text
ContainerRestartRule: action=text exitCodes=ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes: operator=text values=[whole]
DownwardAPIProjection: items=[DownwardAPIVolumeFile]
DownwardAPIVolumeFile: fieldRef=ObjectFieldSelector mode=whole path=text resourceFieldRef=ResourceFieldSelector
  user=whole
DownwardAPIVolumeSource: defaultMode=whole defaultUser=whole items=[DownwardAPIVolumeFile]
EmptyDirVolumeSource: medium=text mode=whole sizeLimit=quantity
EnvFromSource: configMapRef=ConfigMapEnvSource prefix=text secretRef=SecretEnvSource
EnvVar: name=text value=text valueFrom=EnvVarSource
EnvVarSource: configMapKeyRef=ConfigMapKeySelector fieldRef=ObjectFieldSelector fileKeyRef=FileKeySelector
  resourceFieldRef=ResourceFieldSelector secretKeyRef=SecretKeySelector
EphemeralContainer: args=[text] command=[text] env=[EnvVar] envFrom=[EnvFromSource] image=text imagePullPolicy=text
  lifecycle=Lifecycle livenessProbe=Probe name=text ports=[ContainerPort] readinessProbe=Probe
  resizePolicy=[ContainerResizePolicy] resources=ResourceRequirements restartPolicy=text
  restartPolicyRules=[ContainerRestartRule] securityContext=SecurityContext startupProbe=Probe stdin=truth
  stdinOnce=truth targetContainerName=text terminationMessagePath=text terminationMessagePolicy=text tty=truth
  volumeDevices=[VolumeDevice] volumeMounts=[VolumeMount] workingDir=text
EphemeralVolumeSource: volumeClaimTemplate=PersistentVolumeClaimTemplate
EvictionResponder: name=text priority=whole
ExecAction: command=[text]
FCVolumeSource: fsType=text lun=whole readOnly=truth targetWWNs=[text] wwids=[text]
FileKeySelector: key=text optional=truth path=text volumeName=text
FlexVolumeSource: driver=text fsType=text options={text} readOnly=truth secretRef=LocalObjectReference
FlockerVolumeSource: datasetName=text datasetUUID=text
GCEPersistentDiskVolumeSource: fsType=text partition=whole pdName=text readOnly=truth
GRPCAction: mode=text port=whole service=text
GitRepoVolumeSource: directory=text repository=text revision=text
GlusterfsVolumeSource: endpoints=text path=text readOnly=truth
HTTPGetAction: host=text httpHeaders=[HTTPHeader] path=text port=json protocol=text scheme=text
HTTPHeader: name=text value=text
HostAlias: hostnames=[text] ip=text
HostPathVolumeSource: path=text type=text
ISCSIVolumeSource: chapAuthDiscovery=truth chapAuthSession=truth fsType=text initiatorName=text iqn=text
  iscsiInterface=text lun=whole portals=[text] readOnly=truth secretRef=LocalObjectReference targetPortal=text
ImageVolumeSource: pullPolicy=text reference=text
KeyToPath: key=text mode=whole path=text user=whole
LabelSelector: matchExpressions=[LabelSelectorRequirement] matchLabels={text}
LabelSelectorRequirement: key=text operator=text values=[text]
Lifecycle: postStart=LifecycleHandler preStop=LifecycleHandler stopSignal=text
LifecycleHandler: exec=ExecAction httpGet=HTTPGetAction sleep=SleepAction tcpSocket=TCPSocketAction
LocalObjectReference: name=text
ManagedFieldsEntry: apiVersion=text fieldsType=text fieldsV1=json manager=text operation=text subresource=text
  time=text
NFSVolumeSource: path=text readOnly=truth server=text
NodeAffinity: preferredDuringSchedulingIgnoredDuringExecution=[PreferredSchedulingTerm]
  requiredDuringSchedulingIgnoredDuringExecution=NodeSelector
NodeSelector: nodeSelectorTerms=[NodeSelectorTerm]
NodeSelectorRequirement: key=text operator=text values=[text]
NodeSelectorTerm: matchExpressions=[NodeSelectorRequirement] matchFields=[NodeSelectorRequirement]
ObjectFieldSelector: apiVersion=text fieldPath=text
ObjectMeta: annotations={text} creationTimestamp=text deletionGracePeriodSeconds=whole deletionTimestamp=text
  finalizers=[text] generateName=text generation=whole labels={text} managedFields=[ManagedFieldsEntry] name=text
  namespace=text ownerReferences=[OwnerReference] resourceVersion=text selfLink=text uid=text
OwnerReference: apiVersion=text blockOwnerDeletion=truth controller=truth kind=text name=text uid=text
PersistentVolumeClaimSpec: accessModes=[text] dataSource=TypedLocalObjectReference dataSourceRef=TypedObjectReference
  resources=VolumeResourceRequirements selector=LabelSelector storageClassName=text volumeAttributesClassName=text
  volumeMode=text volumeName=text
PersistentVolumeClaimTemplate: metadata=ObjectMeta spec=PersistentVolumeClaimSpec
PersistentVolumeClaimVolumeSource: claimName=text readOnly=truth
PhotonPersistentDiskVolumeSource: fsType=text pdID=text
PodAffinity: preferredDuringSchedulingIgnoredDuringExecution=[WeightedPodAffinityTerm]
  requiredDuringSchedulingIgnoredDuringExecution=[PodAffinityTerm]
PodAffinityTerm: labelSelector=LabelSelector matchLabelKeys=[text] mismatchLabelKeys=[text]
  namespaceSelector=LabelSelector namespaces=[text] topologyKey=text
PodAntiAffinity: preferredDuringSchedulingIgnoredDuringExecution=[WeightedPodAffinityTerm]
  requiredDuringSchedulingIgnoredDuringExecution=[PodAffinityTerm]
PodCertificateProjection: certificateChainPath=text credentialBundlePath=text keyPath=text keyType=text
  maxExpirationSeconds=whole signerName=text user=whole userAnnotations={text}
PodDNSConfig: nameservers=[text] options=[PodDNSConfigOption] searches=[text]
PodDNSConfigOption: name=text value=text
PodOS: name=text
PodReadinessGate: conditionType=text
PodResourceClaim: name=text resourceClaimName=text resourceClaimTemplateName=text
PodSchedulingGate: name=text
PodSchedulingGroup: podGroupName=text
PodSecurityContext: appArmorProfile=AppArmorProfile fsGroup=whole fsGroupChangePolicy=text runAsGroup=whole
  runAsNonRoot=truth runAsUser=whole seLinuxChangePolicy=text seLinuxOptions=SELinuxOptions
  seccompProfile=SeccompProfile supplementalGroups=[whole] supplementalGroupsPolicy=text sysctls=[Sysctl]
  windowsOptions=WindowsSecurityContextOptions
PodSpec: activeDeadlineSeconds=whole affinity=Affinity automountServiceAccountToken=truth containers=[Container]
  dnsConfig=PodDNSConfig dnsPolicy=text enableServiceLinks=truth ephemeralContainers=[EphemeralContainer]
  evictionResponders=[EvictionResponder] hostAliases=[HostAlias] hostIPC=truth hostNetwork=truth hostPID=truth
  hostUsers=truth hostname=text hostnameOverride=text imagePullSecrets=[LocalObjectReference]
  initContainers=[Container] nodeName=text nodeSelector={text} os=PodOS overhead={quantity} preemptionPolicy=text
  priority=whole priorityClassName=text readinessGates=[PodReadinessGate] resourceClaims=[PodResourceClaim]
  resources=ResourceRequirements restartPolicy=text runtimeClassName=text schedulerName=text
  schedulingGates=[PodSchedulingGate] schedulingGroup=PodSchedulingGroup securityContext=PodSecurityContext
  serviceAccount=text serviceAccountName=text setHostnameAsFQDN=truth shareProcessNamespace=truth subdomain=text
  terminationGracePeriodSeconds=whole tolerations=[Toleration] topologySpreadConstraints=[TopologySpreadConstraint]
  volumes=[Volume]
PortworxVolumeSource: fsType=text readOnly=truth volumeID=text
PreferredSchedulingTerm: preference=NodeSelectorTerm weight=whole
Probe: exec=ExecAction failureThreshold=whole grpc=GRPCAction httpGet=HTTPGetAction initialDelaySeconds=whole
  periodSeconds=whole successThreshold=whole tcpSocket=TCPSocketAction terminationGracePeriodSeconds=whole
  timeoutSeconds=whole
ProjectedVolumeSource: defaultMode=whole defaultUser=whole sources=[VolumeProjection]
QuobyteVolumeSource: group=text readOnly=truth registry=text tenant=text user=text volume=text
RBDVolumeSource: fsType=text image=text keyring=text monitors=[text] pool=text readOnly=truth
  secretRef=LocalObjectReference user=text
ResourceClaim: name=text request=text
ResourceFieldSelector: containerName=text divisor=quantity resource=text
ResourceRequirements: claims=[ResourceClaim] limits={quantity} requests={quantity}
SELinuxOptions: level=text role=text type=text user=text
ScaleIOVolumeSource: fsType=text gateway=text protectionDomain=text readOnly=truth secretRef=LocalObjectReference
  sslEnabled=truth storageMode=text storagePool=text system=text volumeName=text
SeccompProfile: localhostProfile=text type=text
SecretEnvSource: name=text optional=truth
SecretKeySelector: key=text name=text optional=truth
SecretProjection: items=[KeyToPath] name=text optional=truth
SecretVolumeSource: defaultMode=whole defaultUser=whole items=[KeyToPath] optional=truth secretName=text
SecurityContext: allowPrivilegeEscalation=truth appArmorProfile=AppArmorProfile capabilities=Capabilities
  privileged=truth procMount=text readOnlyRootFilesystem=truth runAsGroup=whole runAsNonRoot=truth runAsUser=whole
  seLinuxOptions=SELinuxOptions seccompProfile=SeccompProfile windowsOptions=WindowsSecurityContextOptions
ServiceAccountTokenProjection: audience=text expirationSeconds=whole path=text user=whole
SleepAction: seconds=whole
StorageOSVolumeSource: fsType=text readOnly=truth secretRef=LocalObjectReference volumeName=text volumeNamespace=text
Sysctl: name=text value=text
TCPSocketAction: host=text port=json
Toleration: effect=text key=text operator=text tolerationSeconds=whole value=text
TopologySpreadConstraint: labelSelector=LabelSelector matchLabelKeys=[text] maxSkew=whole minDomains=whole
  nodeAffinityPolicy=text nodeTaintsPolicy=text topologyKey=text whenUnsatisfiable=text
TypedLocalObjectReference: apiGroup=text kind=text name=text
TypedObjectReference: apiGroup=text kind=text name=text namespace=text
Volume: awsElasticBlockStore=AWSElasticBlockStoreVolumeSource azureDisk=AzureDiskVolumeSource
  azureFile=AzureFileVolumeSource cephfs=CephFSVolumeSource cinder=CinderVolumeSource configMap=ConfigMapVolumeSource
  csi=CSIVolumeSource downwardAPI=DownwardAPIVolumeSource emptyDir=EmptyDirVolumeSource
  ephemeral=EphemeralVolumeSource fc=FCVolumeSource flexVolume=FlexVolumeSource flocker=FlockerVolumeSource
  gcePersistentDisk=GCEPersistentDiskVolumeSource gitRepo=GitRepoVolumeSource glusterfs=GlusterfsVolumeSource
  hostPath=HostPathVolumeSource image=ImageVolumeSource iscsi=ISCSIVolumeSource name=text nfs=NFSVolumeSource
  persistentVolumeClaim=PersistentVolumeClaimVolumeSource photonPersistentDisk=PhotonPersistentDiskVolumeSource
  portworxVolume=PortworxVolumeSource projected=ProjectedVolumeSource quobyte=QuobyteVolumeSource rbd=RBDVolumeSource
  scaleIO=ScaleIOVolumeSource secret=SecretVolumeSource storageos=StorageOSVolumeSource
  vsphereVolume=VsphereVirtualDiskVolumeSource
VolumeDevice: devicePath=text name=text
VolumeMount: bindMountOptions=[text] mountPath=text mountPropagation=text name=text readOnly=truth
  recursiveReadOnly=text subPath=text subPathExpr=text
VolumeProjection: clusterTrustBundle=ClusterTrustBundleProjection configMap=ConfigMapProjection
  downwardAPI=DownwardAPIProjection podCertificate=PodCertificateProjection secret=SecretProjection
  serviceAccountToken=ServiceAccountTokenProjection
VolumeResourceRequirements: limits={quantity} requests={quantity}
VsphereVirtualDiskVolumeSource: fsType=text storagePolicyID=text storagePolicyName=text volumePath=text
WeightedPodAffinityTerm: podAffinityTerm=PodAffinityTerm weight=whole
WindowsSecurityContextOptions: gmsaCredentialSpec=text gmsaCredentialSpecName=text hostProcess=truth
  runAsUserName=text
"""
