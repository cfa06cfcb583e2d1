// Calls the hub's SOAP endpoint as a department's own program would, with the package `soap`: one JSON line of
// instructions on standard input, one JSON line of what came back on standard output.
import { readFileSync } from "node:fs";
import soap from "soap";

const asked = JSON.parse(readFileSync(0, "utf8"));
const client = await soap.createClientAsync(asked.wsdl, { forceSoap12Headers: asked.soap12 === true });
client.setEndpoint(asked.endpoint);
if (asked.username) {
  client.setSecurity(new soap.WSSecurity(asked.username, asked.token, { passwordType: "PasswordText" }));
} else {
  client.setSecurity(new soap.BearerSecurity(asked.token));
}
try {
  const [answer] = await client[`${asked.operation}Async`](asked.arguments);
  console.log(JSON.stringify({ answer }));
} catch (error) {
  console.log(JSON.stringify({ fault: error.root?.Envelope?.Body?.Fault ?? String(error) }));
}
