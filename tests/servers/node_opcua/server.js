// An OPC UA server that is not asyncua's: one pump, secured endpoints, a user, and commands on standard input.
// node server.js FOLDER CERTIFICATE KEY USER PASSWORD
"use strict";
const readline = require("readline");
const opcua = require("node-opcua");

const [folder, certificateFile, privateKeyFile, user, password] = process.argv.slice(2);

(async () => {
  const clients = new opcua.OPCUACertificateManager({
    rootFolder: `${folder}/pki`,
    automaticallyAcceptUnknownCertificate: true,
  });
  await clients.initialize();
  const server = new opcua.OPCUAServer({
    port: 0,
    hostname: "127.0.0.1",
    serverInfo: { applicationUri: "urn:test:plc" },
    serverCertificateManager: clients,
    userCertificateManager: clients,
    certificateFile,
    privateKeyFile,
    securityModes: [
      opcua.MessageSecurityMode.None,
      opcua.MessageSecurityMode.Sign,
      opcua.MessageSecurityMode.SignAndEncrypt,
    ],
    securityPolicies: [
      opcua.SecurityPolicy.None,
      opcua.SecurityPolicy.Basic256Sha256,
      opcua.SecurityPolicy.Aes128_Sha256_RsaOaep,
      opcua.SecurityPolicy.Aes256_Sha256_RsaPss,
    ],
    allowAnonymous: true,
    userManager: { isValidUser: (name, given) => name === user && given === password },
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const namespace = space.registerNamespace("http://acme.com/pumps/");
  const pump = namespace.addObject({ organizedBy: space.rootFolder.objects, browseName: "Pump123", nodeId: "s=Pump123" });
  const variable = namespace.addVariable({
    componentOf: pump,
    browseName: "FlowRate",
    nodeId: "s=Pump123.FlowRate",
    dataType: "Double",
    minimumSamplingInterval: 10,
  });
  const set = (value) => variable.setValueFromSource({ dataType: opcua.DataType.Double, value });
  set(42.5);
  await server.start();
  console.log(`PORT ${server.endpoints[0].port}`);
  readline.createInterface({ input: process.stdin }).on("line", (line) => {
    set(Number(line));
    console.log(`SET ${line}`);
  }).on("close", () => process.exit(0));
})().catch((error) => { console.error(error); process.exit(1); });
