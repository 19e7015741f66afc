// Kubernetes' client for JavaScript, row by row. Usage: node client_node.mjs KUBECONFIG
import * as k8s from '@kubernetes/client-node'
import crypto from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { Readable, Writable } from 'node:stream'

const config = new k8s.KubeConfig()
config.loadFromFile(process.argv[2])
const core = config.makeApiClient(k8s.CoreV1Api), apps = config.makeApiClient(k8s.AppsV1Api)
const objects = k8s.KubernetesObjectApi.makeApiClient(config)
const namespace = 'js-' + crypto.randomBytes(3).toString('hex')
const patience = 20_000
const hasNode = (await core.listNode()).items.length > 0
let failed = 0

class Heard extends Writable {
  text = ''
  _write(chunk, _, done) { this.text += chunk; done() }
}
const later = ms => new Promise(done => setTimeout(done, ms))
const within = (promise, what) => Promise.race([promise, later(patience).then(() => { throw new Error(`${what}: not within ${patience} ms`) })])
const until = async condition => {
  for (const end = Date.now() + patience; Date.now() < end; await later(100)) {
    const value = await condition()
    if (value) return value
  }
  throw new Error('it did not come to pass')
}
const same = (is, wanted) => { if (JSON.stringify(is) !== JSON.stringify(wanted)) throw new Error(`${JSON.stringify(is)} instead of ${JSON.stringify(wanted)}`) }
const row = async (name, play) => {
  try {
    await within(play(), name)
    console.log(`ok    ${name}`)
  } catch (error) {
    ++failed
    console.log(`FAIL  ${name}\n      | ${String(error.stack ?? error).split('\n').slice(0, 6).join('\n      | ')}`)
  }
}
const map = (name, data) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data })
const exec = (command, input, terminal = false) => new Promise((done, no) => {
  const out = new Heard(), err = new Heard()
  new k8s.Exec(config).exec(namespace, 'web', 'main', command, out, err, input, terminal, status => done({ out: out.text, err: err.text, status })).catch(no)
})

await row('a namespace, and every type of patch', async () => {
  await core.createNamespace({ body: { metadata: { name: namespace } } })
  await core.createNamespacedConfigMap({ namespace, body: map('a', { x: '1' }) })
  const patch = (type, body, more = {}) => core.patchNamespacedConfigMap({ name: 'a', namespace, body, ...more }, k8s.setHeaderOptions('Content-Type', type))
  same((await patch(k8s.PatchStrategy.JsonPatch, [{ op: 'add', path: '/data/y', value: '2' }])).data, { x: '1', y: '2' })
  same((await patch(k8s.PatchStrategy.MergePatch, { data: { y: null } })).data, { x: '1' })
  same((await patch(k8s.PatchStrategy.StrategicMergePatch, { data: { z: '1' } })).data, { x: '1', z: '1' })
  const applied = await patch(k8s.PatchStrategy.ServerSideApply, map('a', { x: '2' }), { fieldManager: 'rows', force: true })
  same(applied.data.x, '2')
})
await row('what is not there is told', async () => {
  const error = await core.readNamespacedPod({ name: 'nobody', namespace }).then(() => undefined, refused => refused)
  same([error.code, JSON.parse(error.body).reason], [404, 'NotFound'])
})
await row('a watch', async () => {
  const seen = []
  let finish
  const finished = new Promise(done => (finish = done))
  const request = await new k8s.Watch(config).watch(`/api/v1/namespaces/${namespace}/configmaps`, { allowWatchBookmarks: true, labelSelector: 'w' }, (type, object) => {
    if (type !== 'BOOKMARK') seen.push(`${type} ${object.metadata.name}`)
    if (type === 'DELETED') finish()
  }, finish)
  await core.createNamespacedConfigMap({ namespace, body: { ...map('w'), metadata: { name: 'w', labels: { w: 'x' } } } })
  await core.deleteNamespacedConfigMap({ name: 'w', namespace })
  await finished
  request.abort()
  same(seen, ['ADDED w', 'DELETED w'])
})
await row('an informer', async () => {
  const seen = []
  const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () => core.listNamespacedConfigMap({ namespace }))
  for (const type of ['add', 'update', 'delete']) informer.on(type, object => seen.push(`${type} ${object.metadata.name}`))
  informer.on('error', () => {})  // stop() says it was aborted
  await informer.start()
  await core.createNamespacedConfigMap({ namespace, body: map('i') })
  await core.patchNamespacedConfigMap({ name: 'i', namespace, body: [{ op: 'add', path: '/data', value: { a: '1' } }] })
  await core.deleteNamespacedConfigMap({ name: 'i', namespace })
  await until(() => seen.includes('delete i'))
  await informer.stop()
  same(seen.filter(line => line.endsWith(' i')), ['add i', 'update i', 'delete i'])
})
await row('YAML is applied, whatever kinds it has', async () => {
  const manifest = k8s.loadAllYaml(fs.readFileSync(path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), 'things.yaml'), 'utf8'))
  for (const wanted of manifest) {
    wanted.metadata.namespace = namespace
    for (let twice = 0; twice < 2; ++twice) {
      const applied = await objects.patch(wanted, undefined, undefined, 'rows', true, k8s.PatchStrategy.ServerSideApply)
      same([applied.kind, applied.metadata.name], [wanted.kind, wanted.metadata.name])
    }
    same((await objects.read(wanted)).kind, wanted.kind)
  }
})
await row('a scale', async () => {
  const scale = await apps.readNamespacedDeploymentScale({ name: 'things', namespace })
  scale.spec = { replicas: 2 }
  delete scale.metadata.resourceVersion
  same((await apps.replaceNamespacedDeploymentScale({ name: 'things', namespace, body: scale })).spec.replicas, 2)
})
if (hasNode) {
  await row('a Pod runs and tells its log', async () => {
    const program = "import http.server, os, sys, threading; print('hello'); threading.Thread(target=lambda: [print('got', l.strip()) for l in sys.stdin], daemon=True).start(); http.server.HTTPServer((os.environ['POD_IP'], 8000), http.server.SimpleHTTPRequestHandler).serve_forever()"
    const env = [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }]
    const main = { name: 'main', image: 'example/web:1', stdin: true, command: ['python3', '-u', '-c', program], env, readinessProbe: { tcpSocket: { port: 8000 }, periodSeconds: 1 } }
    await core.createNamespacedPod({ namespace, body: { metadata: { name: 'web' }, spec: { automountServiceAccountToken: false, terminationGracePeriodSeconds: 1, containers: [main] } } })
    await until(async () => (await core.readNamespacedPod({ name: 'web', namespace })).status.containerStatuses?.[0]?.ready)
    const heard = new Heard()
    const request = await new k8s.Log(config).log(namespace, 'web', 'main', heard, { follow: true })
    await until(() => heard.text === 'hello\n')
    request.abort()
  })
  await row('exec: output, exit codes, input and a terminal', async () => {
    const done = await exec(['sh', '-c', 'echo out; echo err >&2; exit 3'])
    same([done.out, done.err, done.status.reason, done.status.details.causes[0].message], ['out\n', 'err\n', 'NonZeroExitCode', '3'])
    same((await exec(['cat'], Readable.from(['line\n']))).out, 'line\n')
    same(/^\/dev\/pts\/\d+\r\n$/.test((await exec(['tty'], null, true)).out), true)
  })
  await row('attach', async () => {
    const heard = new Heard()
    const socket = await new k8s.Attach(config).attach(namespace, 'web', 'main', heard, null, Readable.from(['typed\n']), false)
    await until(() => heard.text.includes('got typed'))
    socket.close()
  })
  await row('files are copied to a Pod', async () => {
    const from = fs.mkdtempSync(path.join(os.tmpdir(), 'slipway-from-')), to = fs.mkdtempSync(path.join(os.tmpdir(), 'slipway-to-'))
    fs.writeFileSync(path.join(from, 'file'), 'copied')
    await new k8s.Cp(config).cpToPod(namespace, 'web', 'main', from, to)
    await until(() => fs.existsSync(path.join(to, 'file')) && fs.readFileSync(path.join(to, 'file'), 'utf8') === 'copied')
    for (const directory of [from, to]) fs.rmSync(directory, { recursive: true })
  })
  await row('port-forward', async () => {
    const forward = new k8s.PortForward(config)
    const server = net.createServer(socket => forward.portForward(namespace, 'web', [8000], socket, null, socket))
    await new Promise(done => server.listen(0, '127.0.0.1', done))
    const answer = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(patience) })
    same([answer.status, (await answer.text()).includes('Directory listing')], [200, true])
    server.close()
  })
  await row('what Pods and nodes use', async () => {
    const metrics = new k8s.Metrics(config)
    same((await metrics.getNodeMetrics()).items.length > 0, true)
    await until(async () => (await metrics.getPodMetrics(namespace)).items[0]?.containers[0]?.usage.memory)
  })
} else {
  console.log('skip  what needs a running Pod: no Pods run here')
}
await row('the namespace goes', async () => { await core.deleteNamespace({ name: namespace }) })
process.exit(failed ? 1 : 0)
