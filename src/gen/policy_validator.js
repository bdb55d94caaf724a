// Generated from policies/policy.schema.json by `npm run gen`. Do not edit.
"use strict";
export const validate = validate20;
export default validate20;
const schema31 = {"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:clawgress:policy:v1","title":"PolicyDocument","description":"One policy: who may call what, how often. Nothing is allowed that no rule allows.","type":"object","additionalProperties":false,"required":["schema","id","rules"],"properties":{"schema":{"description":"Version of the document format.","const":"clawgress/policy/v1"},"id":{"description":"Name of the policy in receipts.","$ref":"#/$defs/Id"},"inherits":{"description":"Ids of parent documents. Their deny and observing rules and their limits apply, too; their allow rules grant nothing here.","type":"array","minItems":1,"maxItems":16,"uniqueItems":true,"items":{"type":"string","$ref":"#/$defs/Id"}},"ceiling":{"description":"true: whatever inherits this document allows only what the rules of this one allow, too.","const":true},"schemas":{"description":"JSON Schemas that rules of this document ask bodies and answers to fit.","type":"array","minItems":1,"maxItems":256,"items":{"$ref":"#/$defs/BodySchema"}},"rules":{"description":"Rules in any order; the order never changes a verdict. An empty list denies everything.","type":"array","maxItems":20000,"items":{"$ref":"#/$defs/Rule"}},"limits":{"description":"Rate limits for requests that the rules allow. All that cover a request are tested, then charged together.","type":"array","maxItems":1000,"items":{"$ref":"#/$defs/Limit"}},"exceptions":{"description":"Requests that a deny rule of a parent does not apply to, until a date. Only in signed policy.","type":"array","minItems":1,"maxItems":1000,"items":{"$ref":"#/$defs/Exception"}},"tests":{"description":"Requests with their expected verdicts, judged at every load. A failing test refuses the document.","type":"array","maxItems":1000,"items":{"$ref":"#/$defs/DocumentTest"}}},"$defs":{"Id":{"type":"string","pattern":"^[a-z0-9._-]{1,64}$","x-allowed":"1 to 64 of the characters a-z 0-9 . _ -"},"IdList":{"type":"array","minItems":1,"maxItems":1000,"uniqueItems":true,"items":{"type":"string","$ref":"#/$defs/Id"}},"Rule":{"type":"object","additionalProperties":false,"required":["id","action"],"properties":{"id":{"description":"Unique among rules and limits; named in receipts.","$ref":"#/$defs/Id"},"priority":{"description":"Which of several equally strong rules a receipt names: the highest. Never changes a verdict. Default 0.","type":"integer","minimum":0,"maximum":1000000},"enabled":{"description":"false leaves the rule out. Default true.","type":"boolean"},"match":{"description":"All predicates must hold. Absent: every request.","$ref":"#/$defs/Match"},"action":{"description":"deny beats allow; alert and log_only observe and never grant.","enum":["allow","deny","alert","log_only"]},"shadow":{"description":"true: the rule counts only for the recorded would-be verdict. Default false.","type":"boolean"},"path":{"description":"Allow rules only. What to do with a path that can be read in two ways: deny it, forward the normalised path, or forward the raw bytes. Default deny_ambiguous.","enum":["deny_ambiguous","rewrite","raw"]},"tls":{"description":"Allow rules only. What a CONNECT to these destinations opens: intercept terminates TLS and judges each request inside; passthrough (only with kind: connect, and what that means anyway) lets TLS for the same name through unseen; deny opens no tunnel. Default: a tunnel only with kind: connect or tcp.","enum":["intercept","passthrough","deny"]},"stream":{"description":"Allow rules of kind websocket or grpc. Caps of each stream; of several matching rules the smallest hold.","$ref":"#/$defs/StreamCaps"},"frames":{"description":"Allow rules of kind websocket. observe counts messages; block also ends the session at one that breaks RFC 6455 or is larger than stream.max_message_bytes. Of several matching rules block holds. Default: frames are not read.","enum":["observe","block"]},"request":{"description":"Allow rules about requests. What the body has to honour before anything of it goes on. Of several matching rules the strictest hold.","$ref":"#/$defs/RequestContract"},"response":{"description":"Allow rules about requests. What the answer has to honour, and what is recorded of it. Of several matching rules the strictest hold.","$ref":"#/$defs/ResponseContract"}}},"BodySchema":{"type":"object","additionalProperties":false,"required":["id","schema"],"properties":{"id":{"description":"Unique among the schemas of the document.","$ref":"#/$defs/Id"},"draft":{"description":"Of JSON Schema. Default: what $schema says, else 2020-12.","enum":["2020-12","draft-07"]},"schema":{"description":"The schema as a mapping, as true or false, or as JSON text. At most 65536 characters as JSON; references stay inside."}}},"RequestContract":{"type":"object","additionalProperties":false,"minProperties":1,"properties":{"format":{"description":"json: one JSON text. json_lines: one in each line. any: whatever it is. Default: json beside schema, elements or repair, else any.","enum":["json","json_lines","any"]},"schema":{"description":"Id of the schema that the body has to fit; of json_lines each line.","$ref":"#/$defs/Id"},"elements":{"description":"An array whose elements are checked one by one, also while a large body streams.","$ref":"#/$defs/ElementContract"},"repair":{"description":"once: a text that is nearly JSON is mended where that cannot change its meaning, and checked again. Default: it is refused.","const":"once"},"repair_kinds":{"description":"Only with repair. What may be mended. Default: all of them.","type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","enum":["code_fence","bom","trailing_comma","comment","single_quotes","unquoted_key"]}},"max_bytes":{"description":"Bytes of the body that are held and read. Default 1048576.","type":"integer","minimum":1,"maximum":16777216},"on_oversize":{"description":"A body beyond max_bytes: deny refuses it; stream passes it on while it is checked, and cuts it at a mistake; scan_prefix reads max_bytes of it and lets the rest through unread. Default deny.","enum":["deny","stream","scan_prefix"]},"ask_usage":{"description":"true: a call of a model that streams may be changed so that the provider tells its usage.","const":true}}},"ElementContract":{"type":"object","additionalProperties":false,"required":["pointer","schema"],"properties":{"pointer":{"description":"JSON pointer to the array; empty for the whole text.","type":"string","$ref":"#/$defs/Pointer"},"schema":{"description":"Id of the schema that each element has to fit.","$ref":"#/$defs/Id"}}},"Pointer":{"type":"string","pattern":"^(/([!-.0-}]|~[01]){0,64}){0,16}$","x-allowed":"a JSON pointer such as /items or /data/0/card, printable ASCII, at most 16 steps of 64 characters"},"ToolNames":{"type":"array","maxItems":32,"uniqueItems":true,"items":{"type":"string","pattern":"^[A-Za-z0-9_.:/-]{1,64}$","x-allowed":"the name of a tool, 1 to 64 of the characters A-Z a-z 0-9 _ . : / -"}},"ResponseContract":{"type":"object","additionalProperties":false,"minProperties":1,"properties":{"inspect":{"description":"json: the answer has to be JSON and is held until it was read. sse: events are read as they pass. auto: by its content-type. Default: json beside schema or strip, else auto.","enum":["json","sse","auto"]},"schema":{"description":"Id of the schema that a JSON answer has to fit.","$ref":"#/$defs/Id"},"max_bytes":{"description":"Bytes of the answer; more break the contract. Default 16777216.","type":"integer","minimum":1,"maximum":1073741824},"on_violation":{"description":"block: the agent gets our refusal, or the stream is cut. strip: what strip names is taken out and the rest goes on. alert: all goes on and the receipt says so. Default block.","enum":["block","strip","alert"]},"strip":{"description":"JSON pointers whose values are taken out of JSON answers.","type":"array","minItems":1,"maxItems":16,"uniqueItems":true,"items":{"type":"string","$ref":"#/$defs/Pointer"}},"notarize":{"description":"true: digests of the answer, of streams from time to time, are recorded.","const":true},"tool_calls":{"description":"Which tools the model may call; calls are held until they are whole.","$ref":"#/$defs/ToolCallContract"},"on_encoded":{"description":"An answer with a content-encoding although identity was asked for: refuse it, or bypass lets it through unread. Default refuse.","enum":["refuse","bypass"]}}},"ToolCallContract":{"type":"object","additionalProperties":false,"minProperties":1,"properties":{"allow":{"description":"The only tools that the model may call; empty: none.","$ref":"#/$defs/ToolNames"},"deny":{"description":"Tools that the model may not call.","$ref":"#/$defs/ToolNames"}}},"ToolMatch":{"type":"object","additionalProperties":false,"minProperties":1,"properties":{"only":{"description":"Every declared tool is one of these. Not for deny rules.","$ref":"#/$defs/ToolNames"},"any_of":{"description":"Some declared tool is one of these.","$ref":"#/$defs/ToolNames"}}},"StreamCaps":{"type":"object","additionalProperties":false,"minProperties":1,"properties":{"max_bytes":{"description":"Bytes in both directions together, the handshake left out; the stream ends there.","type":"integer","minimum":1,"maximum":1099511627776},"max_seconds":{"description":"How long the stream may stand.","type":"integer","minimum":1,"maximum":3600},"max_message_bytes":{"description":"Bytes of one WebSocket message, all its fragments together. Only with frames.","type":"integer","minimum":1,"maximum":16777216}}},"Match":{"type":"object","additionalProperties":false,"properties":{"agent":{"description":"Who asks. An absent list means any.","$ref":"#/$defs/AgentMatch"},"destination":{"description":"Where to.","$ref":"#/$defs/DestinationMatch"},"methods":{"description":"Listed methods, upper case.","type":"array","minItems":1,"maxItems":64,"uniqueItems":true,"items":{"type":"string","pattern":"^[A-Z][A-Z0-9_-]{0,31}$","x-allowed":"an upper-case HTTP method such as GET or POST"}},"path_prefixes":{"description":"Listed prefixes of the path; a prefix ends at a segment border.","type":"array","minItems":1,"maxItems":1000,"uniqueItems":true,"items":{"type":"string","pattern":"^/[!-~]{0,1023}$","x-allowed":"a path that begins with /, printable ASCII, other bytes percent-encoded"}},"query":{"description":"Query parameters.","$ref":"#/$defs/QueryMatch"},"protocol":{"description":"How the request reaches the gateway.","$ref":"#/$defs/ProtocolMatch"}}},"AgentMatch":{"type":"object","additionalProperties":false,"minProperties":1,"properties":{"agent_id":{"$ref":"#/$defs/IdList"},"team_id":{"$ref":"#/$defs/IdList"},"project_id":{"$ref":"#/$defs/IdList"},"environment":{"$ref":"#/$defs/IdList"},"tenant_id":{"$ref":"#/$defs/IdList"},"auth_type":{"description":"What proved who asks: source is the address or user id of a transparent connection alone, the weakest.","type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","enum":["api_key","jwt","mtls","source"]}}}},"DestinationMatch":{"type":"object","additionalProperties":false,"minProperties":1,"properties":{"hosts":{"description":"Exact names, *.name for one or more labels below a name, or IP addresses.","type":"array","minItems":1,"maxItems":10000,"uniqueItems":true,"items":{"type":"string"}},"ports":{"description":"Listed ports. Absent: any.","type":"array","minItems":1,"maxItems":1000,"uniqueItems":true,"items":{"type":"integer","minimum":1,"maximum":65535}},"schemes":{"description":"tcp is what an opaque tunnel carries. Absent: any.","type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","enum":["http","https","tcp"]}},"any_host":{"description":"true: every host name (in an allow rule no IP address). An allow rule needs hosts or this.","const":true}}},"QueryMatch":{"type":"object","additionalProperties":false,"required":["absent"],"properties":{"absent":{"description":"Decoded parameter names that the query must not carry.","type":"array","minItems":1,"maxItems":64,"uniqueItems":true,"items":{"type":"string","pattern":"^[!-~]{1,128}$","x-allowed":"a decoded parameter name, 1 to 128 printable ASCII characters"}}}},"ProtocolMatch":{"type":"object","additionalProperties":false,"required":["kind"],"properties":{"kind":{"description":"http: a request the gateway sees; of an allow rule, any but a WebSocket. websocket, grpc: those alone. connect: a CONNECT; of an allow rule, one that carries TLS for the name it asked for. tcp: a CONNECT that may carry any bytes. A transparent connection that is no HTTP counts as a CONNECT. llm, mcp, a2a: requests whose headers and body are such a call; the body is read for that.","enum":["http","connect","tcp","websocket","grpc","llm","mcp","a2a"]},"providers":{"description":"Only with kind: llm. Whose service.","type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","enum":["openai","azure_openai","anthropic","gemini","vertex","ollama","xai","deepseek","mistral","groq","moonshot","openrouter","other"]}},"endpoints":{"description":"Only with kind: llm. What is called.","type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","enum":["chat","completions","responses","embeddings","messages","count_tokens","generate"]}},"models":{"description":"Only with kind: llm. Names of models, or beginnings of names with one * at the end.","type":"array","minItems":1,"maxItems":256,"uniqueItems":true,"items":{"type":"string","pattern":"^[!-)+-~]{0,119}[!-~]$","x-allowed":"the name of a model, or its beginning and one * at the end, 1 to 120 printable ASCII characters"}},"tools":{"description":"Only with kind: llm. The tools that the call declares.","$ref":"#/$defs/ToolMatch"},"methods":{"description":"Only with kind: mcp or a2a. Methods of MCP such as tools/call, operations of A2A.","type":"array","minItems":1,"maxItems":256,"uniqueItems":true,"items":{"type":"string","pattern":"^[!-~]{1,120}$","x-allowed":"the name of a method, 1 to 120 printable ASCII characters"}},"targets":{"description":"Only with kind: mcp. Tools, prompts or resources.","type":"array","minItems":1,"maxItems":256,"uniqueItems":true,"items":{"type":"string","pattern":"^[!-~]{1,120}$","x-allowed":"the name of a tool, a prompt or a resource, 1 to 120 printable ASCII characters"}}}},"Window":{"type":"object","additionalProperties":false,"properties":{"sliding":{"description":"The last minutes, hours or days before each request, such as 30m, 1h or 7d; at most 366d.","type":"string","x-allowed":"a whole number and m, h or d, such as 30m, 1h or 7d","pattern":"^[1-9][0-9]{0,5}[mhd]$"},"fixed":{"description":"Minutes, hours or days one after the other from the anchor on, such as 1h or 30d; at most 366d.","type":"string","x-allowed":"a whole number and m, h or d, such as 1h or 30d","pattern":"^[1-9][0-9]{0,5}[mhd]$"},"anchor":{"description":"fixed only: the day on which a window begins, at midnight UTC, such as 2026-01-01.","x-allowed":"a day such as 2026-01-01","type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},"tz":{"description":"Days begin at midnight UTC, and nothing else can be said.","enum":["UTC"]}}},"Limit":{"type":"object","additionalProperties":false,"required":["id","per"],"properties":{"id":{"description":"Unique among rules and limits; named in receipts.","$ref":"#/$defs/Id"},"match":{"description":"Requests that are counted. Absent: all.","$ref":"#/$defs/Match"},"per":{"description":"What has a bucket of its own, within a tenant.","enum":["agent","team","project","environment"]},"rps":{"description":"Requests per second.","type":"integer","minimum":1,"maximum":100000},"rpm":{"description":"Requests per minute.","type":"integer","minimum":1,"maximum":6000000},"burst":{"description":"Requests that may come at once. Belongs to rps, or to rpm when there is no rps. Default: rps, or a tenth of rpm.","type":"integer","minimum":1,"maximum":1000000},"tokens":{"description":"Tokens of calls of models that may be spent in the window, input and output together. In place of rps and rpm.","type":"integer","minimum":1,"maximum":10000000000000},"usd_cents":{"description":"US cents that calls of models may cost in the window. In place of rps and rpm.","type":"integer","minimum":1,"maximum":1000000000},"window":{"description":"Of tokens or usd_cents: over which time.","$ref":"#/$defs/Window"},"unknown_price":{"description":"Of tokens or usd_cents: what becomes of a call that nobody can count or price. deny refuses it; alert lets it pass, counts nothing before its answer and says so. Default deny.","enum":["deny","alert"]},"default_output_tokens":{"description":"Of tokens or usd_cents: what is reserved for the output of a call that sets no end to it. Default 4096.","type":"integer","minimum":1,"maximum":10000000},"mode":{"description":"Beyond the limit: hard_stop refuses with 429; throttle holds requests back for the next free slot; soft_stop lets runs that began before go on for a while, up to 110 %; alert_only passes and records. Default hard_stop.","enum":["hard_stop","throttle","soft_stop","alert_only"]},"max_delay_ms":{"description":"throttle only: the longest wait for a slot; a request that would wait longer is refused with 429. Default 1000.","type":"integer","minimum":1,"maximum":5000},"grace_minutes":{"description":"soft_stop only: how long after the limit was used up a run may go on. Default 5.","type":"integer","minimum":1,"maximum":1440},"grace_calls":{"description":"soft_stop only: how many calls a run may make beyond the limit. Default 20.","type":"integer","minimum":1,"maximum":100000},"near_limit":{"description":"Percentage of the limit at which receipts, a metric and the log say that it is nearly used up. Default 80.","type":"integer","minimum":1,"maximum":99}}},"Exception":{"type":"object","additionalProperties":false,"required":["id","to","match","reason","expires"],"properties":{"id":{"description":"Unique among the exceptions of the document.","$ref":"#/$defs/Id"},"to":{"description":"The deny rule of a parent: document/rule.","$ref":"#/$defs/InheritedRule"},"match":{"description":"What the deny rule no longer applies to. All predicates must surely hold, as in an allow rule.","$ref":"#/$defs/Match"},"reason":{"description":"Why, for whoever reads the policy.","type":"string","pattern":"^[ -~]{1,200}$","x-allowed":"1 to 200 printable ASCII characters"},"expires":{"description":"From this moment on the deny rule applies again.","type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$","x-allowed":"a moment in UTC such as 2026-12-31T00:00:00Z"}}},"InheritedRule":{"type":"string","pattern":"^[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}$","x-allowed":"document/rule"},"RuleName":{"type":"string","pattern":"^[a-z0-9._-]{1,64}(/[a-z0-9._-]{1,64})?$","x-allowed":"a rule id, or document/rule for a rule of a parent"},"DocumentTest":{"type":"object","additionalProperties":false,"required":["name","request","expect"],"properties":{"name":{"description":"What the test shows; unique.","type":"string","pattern":"^[ -~]{1,200}$","x-allowed":"1 to 200 printable ASCII characters"},"request":{"$ref":"#/$defs/TestRequest"},"expect":{"$ref":"#/$defs/TestExpectation"}}},"TestRequest":{"type":"object","additionalProperties":false,"properties":{"agent":{"description":"Who asks. tenant_id is default unless given; other absent ids are unset.","$ref":"#/$defs/TestAgent"},"method":{"description":"Default GET.","type":"string","pattern":"^[A-Z][A-Z0-9_-]{0,31}$","x-allowed":"an upper-case HTTP method such as GET or POST"},"url":{"description":"http:// or https:// URL, taken byte for byte.","type":"string","pattern":"^[!-~]{1,8192}$","x-allowed":"a URL such as https://api.example.com/v1/items"},"connect":{"description":"host:port of a CONNECT, instead of url.","type":"string","pattern":"^[!-~]{1,300}$","x-allowed":"an authority such as api.example.com:443"},"protocol":{"description":"Beside url: a WebSocket handshake, or a gRPC call (its method is POST). Absent: a plain request.","enum":["websocket","grpc"]},"transparent":{"description":"ip:port that a transparent connection was made to, IPv6 in brackets. Beside connect: TLS if that names a host, other bytes if it is an address.","type":"string","pattern":"^(\\[[0-9a-f:.]{2,45}\\]|[0-9.]{7,15}):[1-9][0-9]{0,4}$","x-allowed":"an address with a port such as 203.0.113.7:443 or [2001:db8::7]:443"},"headers":{"description":"Names of headers that the request carries (override headers matter).","type":"array","minItems":1,"maxItems":64,"uniqueItems":true,"items":{"type":"string","pattern":"^[a-z0-9-]{1,64}$","x-allowed":"a lower-case header name"}},"body":{"description":"Beside url: what was found in the body. Absent: nobody has looked.","$ref":"#/$defs/TestBody"}}},"TestBody":{"type":"object","additionalProperties":false,"properties":{"format":{"description":"Default json.","enum":["none","json","json_lines","other"]},"bytes":{"description":"Default 1.","type":"integer","minimum":0,"maximum":1073741824},"problem":{"description":"Why the body cannot be read, as receipts say it.","type":"string","pattern":"^[A-Z][A-Z_]{0,63}$","x-allowed":"a code such as BODY_TOO_LARGE or JSON_SYNTAX"},"valid":{"description":"Ids of schemas of this document that the body fits. It fits no other.","$ref":"#/$defs/IdList"},"repaired":{"description":"What was mended.","type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","enum":["code_fence","bom","trailing_comma","comment","single_quotes","unquoted_key"]}},"ai":{"description":"What the call is. Absent: no traffic of AI.","$ref":"#/$defs/TestAi"}}},"TestAi":{"type":"object","additionalProperties":false,"required":["kind"],"properties":{"kind":{"description":"unknown: traffic of AI that cannot be read for certain.","enum":["llm","mcp","a2a","unknown"]},"provider":{"description":"Default other, of llm.","enum":["openai","azure_openai","anthropic","gemini","vertex","ollama","xai","deepseek","mistral","groq","moonshot","openrouter","other"]},"endpoint":{"description":"Default chat, of llm.","enum":["chat","completions","responses","embeddings","messages","count_tokens","generate"]},"model":{"description":"Its name.","type":"string","pattern":"^[!-~]{1,120}$","x-allowed":"the name of a model, 1 to 120 printable ASCII characters"},"tools":{"description":"Names of declared tools.","$ref":"#/$defs/ToolNames"},"method":{"description":"Of mcp and a2a.","type":"string","pattern":"^[!-~]{1,120}$","x-allowed":"the name of a method, 1 to 120 printable ASCII characters"},"target":{"description":"Tool, prompt or resource of mcp.","type":"string","pattern":"^[!-~]{1,120}$","x-allowed":"the name of a tool, a prompt or a resource, 1 to 120 printable ASCII characters"}}},"TestAgent":{"type":"object","additionalProperties":false,"properties":{"agent_id":{"$ref":"#/$defs/Id"},"team_id":{"$ref":"#/$defs/Id"},"project_id":{"$ref":"#/$defs/Id"},"environment":{"$ref":"#/$defs/Id"},"tenant_id":{"$ref":"#/$defs/Id"},"auth_type":{"description":"Default api_key.","enum":["api_key","jwt","mtls","source"]}}},"TestExpectation":{"type":"object","additionalProperties":false,"required":["verdict"],"properties":{"verdict":{"enum":["allow","deny"]},"reason":{"description":"Reason code of the verdict.","enum":["POLICY_ALLOW","POLICY_DENY","POLICY_NO_MATCH","POLICY_CEILING","TUNNEL_OPAQUE","PATH_AMBIGUOUS","OVERRIDE_HEADER","UPGRADE_NOT_ALLOWED","AUTHORITY_INVALID","DESTINATION_SELF","HOST_NUMERIC","METHOD_INVALID","ORIGINAL_PORT_MISMATCH","PATH_INVALID","REQUEST_TOO_LARGE","UPGRADE_INVALID","BODY_NOT_COMPLETED","BODY_INVALID","BODY_TOO_LARGE","BODY_TYPE_REFUSED","SCHEMA_INVALID","AI_UNREADABLE","RECORD_TOO_LARGE"]},"rule":{"description":"The rule that the receipt names.","$ref":"#/$defs/RuleName"},"tunnel":{"description":"What the CONNECT opens: requests judged inside, TLS for this name, or any bytes.","enum":["intercept","passthrough","raw"]},"stream":{"description":"The caps of the allowed WebSocket or gRPC call, all of them.","$ref":"#/$defs/StreamCaps"},"frames":{"description":"What is done with the frames of the allowed WebSocket.","enum":["observe","block"]}}}}};
const schema32 = {"type":"string","pattern":"^[a-z0-9._-]{1,64}$","x-allowed":"1 to 64 of the characters a-z 0-9 . _ -"};
const func1 = Object.prototype.hasOwnProperty;
const pattern4 = new RegExp("^[a-z0-9._-]{1,64}$", "u");
const schema34 = {"type":"object","additionalProperties":false,"required":["id","schema"],"properties":{"id":{"description":"Unique among the schemas of the document.","$ref":"#/$defs/Id"},"draft":{"description":"Of JSON Schema. Default: what $schema says, else 2020-12.","enum":["2020-12","draft-07"]},"schema":{"description":"The schema as a mapping, as true or false, or as JSON text. At most 65536 characters as JSON; references stay inside."}}};

function validate21(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate21.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.id === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "id"},message:"must have required property '"+"id"+"'",schema:schema34.required,parentSchema:schema34,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.schema === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "schema"},message:"must have required property '"+"schema"+"'",schema:schema34.required,parentSchema:schema34,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
for(const key0 in data){
if(!(((key0 === "id") || (key0 === "draft")) || (key0 === "schema"))){
const err2 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema34,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.id !== undefined){
let data0 = data.id;
if(typeof data0 === "string"){
if(!pattern4.test(data0)){
const err3 = {instancePath:instancePath+"/id",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/id",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.draft !== undefined){
let data1 = data.draft;
if(!((data1 === "2020-12") || (data1 === "draft-07"))){
const err5 = {instancePath:instancePath+"/draft",schemaPath:"#/properties/draft/enum",keyword:"enum",params:{allowedValues: schema34.properties.draft.enum},message:"must be equal to one of the allowed values",schema:schema34.properties.draft.enum,parentSchema:schema34.properties.draft,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
}
else {
const err6 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema34.type,parentSchema:schema34,data};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
validate21.errors = vErrors;
return errors === 0;
}
validate21.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};

const schema36 = {"type":"object","additionalProperties":false,"required":["id","action"],"properties":{"id":{"description":"Unique among rules and limits; named in receipts.","$ref":"#/$defs/Id"},"priority":{"description":"Which of several equally strong rules a receipt names: the highest. Never changes a verdict. Default 0.","type":"integer","minimum":0,"maximum":1000000},"enabled":{"description":"false leaves the rule out. Default true.","type":"boolean"},"match":{"description":"All predicates must hold. Absent: every request.","$ref":"#/$defs/Match"},"action":{"description":"deny beats allow; alert and log_only observe and never grant.","enum":["allow","deny","alert","log_only"]},"shadow":{"description":"true: the rule counts only for the recorded would-be verdict. Default false.","type":"boolean"},"path":{"description":"Allow rules only. What to do with a path that can be read in two ways: deny it, forward the normalised path, or forward the raw bytes. Default deny_ambiguous.","enum":["deny_ambiguous","rewrite","raw"]},"tls":{"description":"Allow rules only. What a CONNECT to these destinations opens: intercept terminates TLS and judges each request inside; passthrough (only with kind: connect, and what that means anyway) lets TLS for the same name through unseen; deny opens no tunnel. Default: a tunnel only with kind: connect or tcp.","enum":["intercept","passthrough","deny"]},"stream":{"description":"Allow rules of kind websocket or grpc. Caps of each stream; of several matching rules the smallest hold.","$ref":"#/$defs/StreamCaps"},"frames":{"description":"Allow rules of kind websocket. observe counts messages; block also ends the session at one that breaks RFC 6455 or is larger than stream.max_message_bytes. Of several matching rules block holds. Default: frames are not read.","enum":["observe","block"]},"request":{"description":"Allow rules about requests. What the body has to honour before anything of it goes on. Of several matching rules the strictest hold.","$ref":"#/$defs/RequestContract"},"response":{"description":"Allow rules about requests. What the answer has to honour, and what is recorded of it. Of several matching rules the strictest hold.","$ref":"#/$defs/ResponseContract"}}};
const schema48 = {"type":"object","additionalProperties":false,"minProperties":1,"properties":{"max_bytes":{"description":"Bytes in both directions together, the handshake left out; the stream ends there.","type":"integer","minimum":1,"maximum":1099511627776},"max_seconds":{"description":"How long the stream may stand.","type":"integer","minimum":1,"maximum":3600},"max_message_bytes":{"description":"Bytes of one WebSocket message, all its fragments together. Only with frames.","type":"integer","minimum":1,"maximum":16777216}}};
const schema38 = {"type":"object","additionalProperties":false,"properties":{"agent":{"description":"Who asks. An absent list means any.","$ref":"#/$defs/AgentMatch"},"destination":{"description":"Where to.","$ref":"#/$defs/DestinationMatch"},"methods":{"description":"Listed methods, upper case.","type":"array","minItems":1,"maxItems":64,"uniqueItems":true,"items":{"type":"string","pattern":"^[A-Z][A-Z0-9_-]{0,31}$","x-allowed":"an upper-case HTTP method such as GET or POST"}},"path_prefixes":{"description":"Listed prefixes of the path; a prefix ends at a segment border.","type":"array","minItems":1,"maxItems":1000,"uniqueItems":true,"items":{"type":"string","pattern":"^/[!-~]{0,1023}$","x-allowed":"a path that begins with /, printable ASCII, other bytes percent-encoded"}},"query":{"description":"Query parameters.","$ref":"#/$defs/QueryMatch"},"protocol":{"description":"How the request reaches the gateway.","$ref":"#/$defs/ProtocolMatch"}}};
const schema42 = {"type":"object","additionalProperties":false,"minProperties":1,"properties":{"hosts":{"description":"Exact names, *.name for one or more labels below a name, or IP addresses.","type":"array","minItems":1,"maxItems":10000,"uniqueItems":true,"items":{"type":"string"}},"ports":{"description":"Listed ports. Absent: any.","type":"array","minItems":1,"maxItems":1000,"uniqueItems":true,"items":{"type":"integer","minimum":1,"maximum":65535}},"schemes":{"description":"tcp is what an opaque tunnel carries. Absent: any.","type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","enum":["http","https","tcp"]}},"any_host":{"description":"true: every host name (in an allow rule no IP address). An allow rule needs hosts or this.","const":true}}};
const schema43 = {"type":"object","additionalProperties":false,"required":["absent"],"properties":{"absent":{"description":"Decoded parameter names that the query must not carry.","type":"array","minItems":1,"maxItems":64,"uniqueItems":true,"items":{"type":"string","pattern":"^[!-~]{1,128}$","x-allowed":"a decoded parameter name, 1 to 128 printable ASCII characters"}}}};
const schema39 = {"type":"object","additionalProperties":false,"minProperties":1,"properties":{"agent_id":{"$ref":"#/$defs/IdList"},"team_id":{"$ref":"#/$defs/IdList"},"project_id":{"$ref":"#/$defs/IdList"},"environment":{"$ref":"#/$defs/IdList"},"tenant_id":{"$ref":"#/$defs/IdList"},"auth_type":{"description":"What proved who asks: source is the address or user id of a transparent connection alone, the weakest.","type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","enum":["api_key","jwt","mtls","source"]}}}};
const schema40 = {"type":"array","minItems":1,"maxItems":1000,"uniqueItems":true,"items":{"type":"string","$ref":"#/$defs/Id"}};

function validate26(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate26.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(Array.isArray(data)){
if(data.length > 1000){
const err0 = {instancePath,schemaPath:"#/maxItems",keyword:"maxItems",params:{limit: 1000},message:"must NOT have more than 1000 items",schema:1000,parentSchema:schema40,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.length < 1){
const err1 = {instancePath,schemaPath:"#/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema40,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
const len0 = data.length;
for(let i0=0; i0<len0; i0++){
let data0 = data[i0];
if(typeof data0 !== "string"){
const err2 = {instancePath:instancePath+"/" + i0,schemaPath:"#/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema40.items.type,parentSchema:schema40.items,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if(typeof data0 === "string"){
if(!pattern4.test(data0)){
const err3 = {instancePath:instancePath+"/" + i0,schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/" + i0,schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
let i1 = data.length;
let j0;
if(i1 > 1){
const indices0 = {};
for(;i1--;){
let item0 = data[i1];
if(typeof item0 !== "string"){
continue;
}
if(typeof indices0[item0] == "number"){
j0 = indices0[item0];
const err5 = {instancePath,schemaPath:"#/uniqueItems",keyword:"uniqueItems",params:{i: i1, j: j0},message:"must NOT have duplicate items (items ## "+j0+" and "+i1+" are identical)",schema:true,parentSchema:schema40,data};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
break;
}
indices0[item0] = i1;
}
}
}
else {
const err6 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema40.type,parentSchema:schema40,data};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
validate26.errors = vErrors;
return errors === 0;
}
validate26.evaluated = {"items":true,"dynamicProps":false,"dynamicItems":false};


function validate25(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate25.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(Object.keys(data).length < 1){
const err0 = {instancePath,schemaPath:"#/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties",schema:1,parentSchema:schema39,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!((((((key0 === "agent_id") || (key0 === "team_id")) || (key0 === "project_id")) || (key0 === "environment")) || (key0 === "tenant_id")) || (key0 === "auth_type"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema39,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.agent_id !== undefined){
if(!(validate26(data.agent_id, {instancePath:instancePath+"/agent_id",parentData:data,parentDataProperty:"agent_id",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate26.errors : vErrors.concat(validate26.errors);
errors = vErrors.length;
}
}
if(data.team_id !== undefined){
if(!(validate26(data.team_id, {instancePath:instancePath+"/team_id",parentData:data,parentDataProperty:"team_id",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate26.errors : vErrors.concat(validate26.errors);
errors = vErrors.length;
}
}
if(data.project_id !== undefined){
if(!(validate26(data.project_id, {instancePath:instancePath+"/project_id",parentData:data,parentDataProperty:"project_id",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate26.errors : vErrors.concat(validate26.errors);
errors = vErrors.length;
}
}
if(data.environment !== undefined){
if(!(validate26(data.environment, {instancePath:instancePath+"/environment",parentData:data,parentDataProperty:"environment",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate26.errors : vErrors.concat(validate26.errors);
errors = vErrors.length;
}
}
if(data.tenant_id !== undefined){
if(!(validate26(data.tenant_id, {instancePath:instancePath+"/tenant_id",parentData:data,parentDataProperty:"tenant_id",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate26.errors : vErrors.concat(validate26.errors);
errors = vErrors.length;
}
}
if(data.auth_type !== undefined){
let data5 = data.auth_type;
if(Array.isArray(data5)){
if(data5.length < 1){
const err2 = {instancePath:instancePath+"/auth_type",schemaPath:"#/properties/auth_type/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema39.properties.auth_type,data:data5};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
const len0 = data5.length;
for(let i0=0; i0<len0; i0++){
let data6 = data5[i0];
if(typeof data6 !== "string"){
const err3 = {instancePath:instancePath+"/auth_type/" + i0,schemaPath:"#/properties/auth_type/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema39.properties.auth_type.items.type,parentSchema:schema39.properties.auth_type.items,data:data6};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
if(!((((data6 === "api_key") || (data6 === "jwt")) || (data6 === "mtls")) || (data6 === "source"))){
const err4 = {instancePath:instancePath+"/auth_type/" + i0,schemaPath:"#/properties/auth_type/items/enum",keyword:"enum",params:{allowedValues: schema39.properties.auth_type.items.enum},message:"must be equal to one of the allowed values",schema:schema39.properties.auth_type.items.enum,parentSchema:schema39.properties.auth_type.items,data:data6};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
let i1 = data5.length;
let j0;
if(i1 > 1){
const indices0 = {};
for(;i1--;){
let item0 = data5[i1];
if(typeof item0 !== "string"){
continue;
}
if(typeof indices0[item0] == "number"){
j0 = indices0[item0];
const err5 = {instancePath:instancePath+"/auth_type",schemaPath:"#/properties/auth_type/uniqueItems",keyword:"uniqueItems",params:{i: i1, j: j0},message:"must NOT have duplicate items (items ## "+j0+" and "+i1+" are identical)",schema:true,parentSchema:schema39.properties.auth_type,data:data5};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
break;
}
indices0[item0] = i1;
}
}
}
else {
const err6 = {instancePath:instancePath+"/auth_type",schemaPath:"#/properties/auth_type/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema39.properties.auth_type.type,parentSchema:schema39.properties.auth_type,data:data5};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
}
else {
const err7 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema39.type,parentSchema:schema39,data};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
validate25.errors = vErrors;
return errors === 0;
}
validate25.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};

const schema44 = {"type":"object","additionalProperties":false,"required":["kind"],"properties":{"kind":{"description":"http: a request the gateway sees; of an allow rule, any but a WebSocket. websocket, grpc: those alone. connect: a CONNECT; of an allow rule, one that carries TLS for the name it asked for. tcp: a CONNECT that may carry any bytes. A transparent connection that is no HTTP counts as a CONNECT. llm, mcp, a2a: requests whose headers and body are such a call; the body is read for that.","enum":["http","connect","tcp","websocket","grpc","llm","mcp","a2a"]},"providers":{"description":"Only with kind: llm. Whose service.","type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","enum":["openai","azure_openai","anthropic","gemini","vertex","ollama","xai","deepseek","mistral","groq","moonshot","openrouter","other"]}},"endpoints":{"description":"Only with kind: llm. What is called.","type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","enum":["chat","completions","responses","embeddings","messages","count_tokens","generate"]}},"models":{"description":"Only with kind: llm. Names of models, or beginnings of names with one * at the end.","type":"array","minItems":1,"maxItems":256,"uniqueItems":true,"items":{"type":"string","pattern":"^[!-)+-~]{0,119}[!-~]$","x-allowed":"the name of a model, or its beginning and one * at the end, 1 to 120 printable ASCII characters"}},"tools":{"description":"Only with kind: llm. The tools that the call declares.","$ref":"#/$defs/ToolMatch"},"methods":{"description":"Only with kind: mcp or a2a. Methods of MCP such as tools/call, operations of A2A.","type":"array","minItems":1,"maxItems":256,"uniqueItems":true,"items":{"type":"string","pattern":"^[!-~]{1,120}$","x-allowed":"the name of a method, 1 to 120 printable ASCII characters"}},"targets":{"description":"Only with kind: mcp. Tools, prompts or resources.","type":"array","minItems":1,"maxItems":256,"uniqueItems":true,"items":{"type":"string","pattern":"^[!-~]{1,120}$","x-allowed":"the name of a tool, a prompt or a resource, 1 to 120 printable ASCII characters"}}}};
const pattern12 = new RegExp("^[!-)+-~]{0,119}[!-~]$", "u");
const pattern15 = new RegExp("^[!-~]{1,120}$", "u");
const schema45 = {"type":"object","additionalProperties":false,"minProperties":1,"properties":{"only":{"description":"Every declared tool is one of these. Not for deny rules.","$ref":"#/$defs/ToolNames"},"any_of":{"description":"Some declared tool is one of these.","$ref":"#/$defs/ToolNames"}}};
const schema46 = {"type":"array","maxItems":32,"uniqueItems":true,"items":{"type":"string","pattern":"^[A-Za-z0-9_.:/-]{1,64}$","x-allowed":"the name of a tool, 1 to 64 of the characters A-Z a-z 0-9 _ . : / -"}};
const pattern13 = new RegExp("^[A-Za-z0-9_.:/-]{1,64}$", "u");

function validate34(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate34.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(Object.keys(data).length < 1){
const err0 = {instancePath,schemaPath:"#/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties",schema:1,parentSchema:schema45,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!((key0 === "only") || (key0 === "any_of"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema45,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.only !== undefined){
let data0 = data.only;
if(Array.isArray(data0)){
if(data0.length > 32){
const err2 = {instancePath:instancePath+"/only",schemaPath:"#/$defs/ToolNames/maxItems",keyword:"maxItems",params:{limit: 32},message:"must NOT have more than 32 items",schema:32,parentSchema:schema46,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
const len0 = data0.length;
for(let i0=0; i0<len0; i0++){
let data1 = data0[i0];
if(typeof data1 === "string"){
if(!pattern13.test(data1)){
const err3 = {instancePath:instancePath+"/only/" + i0,schemaPath:"#/$defs/ToolNames/items/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9_.:/-]{1,64}$"},message:"must match pattern \""+"^[A-Za-z0-9_.:/-]{1,64}$"+"\"",schema:"^[A-Za-z0-9_.:/-]{1,64}$",parentSchema:schema46.items,data:data1};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/only/" + i0,schemaPath:"#/$defs/ToolNames/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema46.items.type,parentSchema:schema46.items,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
let i1 = data0.length;
let j0;
if(i1 > 1){
const indices0 = {};
for(;i1--;){
let item0 = data0[i1];
if(typeof item0 !== "string"){
continue;
}
if(typeof indices0[item0] == "number"){
j0 = indices0[item0];
const err5 = {instancePath:instancePath+"/only",schemaPath:"#/$defs/ToolNames/uniqueItems",keyword:"uniqueItems",params:{i: i1, j: j0},message:"must NOT have duplicate items (items ## "+j0+" and "+i1+" are identical)",schema:true,parentSchema:schema46,data:data0};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
break;
}
indices0[item0] = i1;
}
}
}
else {
const err6 = {instancePath:instancePath+"/only",schemaPath:"#/$defs/ToolNames/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema46.type,parentSchema:schema46,data:data0};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.any_of !== undefined){
let data2 = data.any_of;
if(Array.isArray(data2)){
if(data2.length > 32){
const err7 = {instancePath:instancePath+"/any_of",schemaPath:"#/$defs/ToolNames/maxItems",keyword:"maxItems",params:{limit: 32},message:"must NOT have more than 32 items",schema:32,parentSchema:schema46,data:data2};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
const len1 = data2.length;
for(let i2=0; i2<len1; i2++){
let data3 = data2[i2];
if(typeof data3 === "string"){
if(!pattern13.test(data3)){
const err8 = {instancePath:instancePath+"/any_of/" + i2,schemaPath:"#/$defs/ToolNames/items/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9_.:/-]{1,64}$"},message:"must match pattern \""+"^[A-Za-z0-9_.:/-]{1,64}$"+"\"",schema:"^[A-Za-z0-9_.:/-]{1,64}$",parentSchema:schema46.items,data:data3};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
else {
const err9 = {instancePath:instancePath+"/any_of/" + i2,schemaPath:"#/$defs/ToolNames/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema46.items.type,parentSchema:schema46.items,data:data3};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
let i3 = data2.length;
let j1;
if(i3 > 1){
const indices1 = {};
for(;i3--;){
let item1 = data2[i3];
if(typeof item1 !== "string"){
continue;
}
if(typeof indices1[item1] == "number"){
j1 = indices1[item1];
const err10 = {instancePath:instancePath+"/any_of",schemaPath:"#/$defs/ToolNames/uniqueItems",keyword:"uniqueItems",params:{i: i3, j: j1},message:"must NOT have duplicate items (items ## "+j1+" and "+i3+" are identical)",schema:true,parentSchema:schema46,data:data2};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
break;
}
indices1[item1] = i3;
}
}
}
else {
const err11 = {instancePath:instancePath+"/any_of",schemaPath:"#/$defs/ToolNames/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema46.type,parentSchema:schema46,data:data2};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
}
else {
const err12 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema45.type,parentSchema:schema45,data};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
validate34.errors = vErrors;
return errors === 0;
}
validate34.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};


function validate33(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate33.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "kind"},message:"must have required property '"+"kind"+"'",schema:schema44.required,parentSchema:schema44,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!(((((((key0 === "kind") || (key0 === "providers")) || (key0 === "endpoints")) || (key0 === "models")) || (key0 === "tools")) || (key0 === "methods")) || (key0 === "targets"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema44,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.kind !== undefined){
let data0 = data.kind;
if(!((((((((data0 === "http") || (data0 === "connect")) || (data0 === "tcp")) || (data0 === "websocket")) || (data0 === "grpc")) || (data0 === "llm")) || (data0 === "mcp")) || (data0 === "a2a"))){
const err2 = {instancePath:instancePath+"/kind",schemaPath:"#/properties/kind/enum",keyword:"enum",params:{allowedValues: schema44.properties.kind.enum},message:"must be equal to one of the allowed values",schema:schema44.properties.kind.enum,parentSchema:schema44.properties.kind,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.providers !== undefined){
let data1 = data.providers;
if(Array.isArray(data1)){
if(data1.length < 1){
const err3 = {instancePath:instancePath+"/providers",schemaPath:"#/properties/providers/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema44.properties.providers,data:data1};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
const len0 = data1.length;
for(let i0=0; i0<len0; i0++){
let data2 = data1[i0];
if(typeof data2 !== "string"){
const err4 = {instancePath:instancePath+"/providers/" + i0,schemaPath:"#/properties/providers/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema44.properties.providers.items.type,parentSchema:schema44.properties.providers.items,data:data2};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
if(!(((((((((((((data2 === "openai") || (data2 === "azure_openai")) || (data2 === "anthropic")) || (data2 === "gemini")) || (data2 === "vertex")) || (data2 === "ollama")) || (data2 === "xai")) || (data2 === "deepseek")) || (data2 === "mistral")) || (data2 === "groq")) || (data2 === "moonshot")) || (data2 === "openrouter")) || (data2 === "other"))){
const err5 = {instancePath:instancePath+"/providers/" + i0,schemaPath:"#/properties/providers/items/enum",keyword:"enum",params:{allowedValues: schema44.properties.providers.items.enum},message:"must be equal to one of the allowed values",schema:schema44.properties.providers.items.enum,parentSchema:schema44.properties.providers.items,data:data2};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
let i1 = data1.length;
let j0;
if(i1 > 1){
const indices0 = {};
for(;i1--;){
let item0 = data1[i1];
if(typeof item0 !== "string"){
continue;
}
if(typeof indices0[item0] == "number"){
j0 = indices0[item0];
const err6 = {instancePath:instancePath+"/providers",schemaPath:"#/properties/providers/uniqueItems",keyword:"uniqueItems",params:{i: i1, j: j0},message:"must NOT have duplicate items (items ## "+j0+" and "+i1+" are identical)",schema:true,parentSchema:schema44.properties.providers,data:data1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
break;
}
indices0[item0] = i1;
}
}
}
else {
const err7 = {instancePath:instancePath+"/providers",schemaPath:"#/properties/providers/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema44.properties.providers.type,parentSchema:schema44.properties.providers,data:data1};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
if(data.endpoints !== undefined){
let data3 = data.endpoints;
if(Array.isArray(data3)){
if(data3.length < 1){
const err8 = {instancePath:instancePath+"/endpoints",schemaPath:"#/properties/endpoints/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema44.properties.endpoints,data:data3};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
const len1 = data3.length;
for(let i2=0; i2<len1; i2++){
let data4 = data3[i2];
if(typeof data4 !== "string"){
const err9 = {instancePath:instancePath+"/endpoints/" + i2,schemaPath:"#/properties/endpoints/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema44.properties.endpoints.items.type,parentSchema:schema44.properties.endpoints.items,data:data4};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
if(!(((((((data4 === "chat") || (data4 === "completions")) || (data4 === "responses")) || (data4 === "embeddings")) || (data4 === "messages")) || (data4 === "count_tokens")) || (data4 === "generate"))){
const err10 = {instancePath:instancePath+"/endpoints/" + i2,schemaPath:"#/properties/endpoints/items/enum",keyword:"enum",params:{allowedValues: schema44.properties.endpoints.items.enum},message:"must be equal to one of the allowed values",schema:schema44.properties.endpoints.items.enum,parentSchema:schema44.properties.endpoints.items,data:data4};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
let i3 = data3.length;
let j1;
if(i3 > 1){
const indices1 = {};
for(;i3--;){
let item1 = data3[i3];
if(typeof item1 !== "string"){
continue;
}
if(typeof indices1[item1] == "number"){
j1 = indices1[item1];
const err11 = {instancePath:instancePath+"/endpoints",schemaPath:"#/properties/endpoints/uniqueItems",keyword:"uniqueItems",params:{i: i3, j: j1},message:"must NOT have duplicate items (items ## "+j1+" and "+i3+" are identical)",schema:true,parentSchema:schema44.properties.endpoints,data:data3};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
break;
}
indices1[item1] = i3;
}
}
}
else {
const err12 = {instancePath:instancePath+"/endpoints",schemaPath:"#/properties/endpoints/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema44.properties.endpoints.type,parentSchema:schema44.properties.endpoints,data:data3};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
if(data.models !== undefined){
let data5 = data.models;
if(Array.isArray(data5)){
if(data5.length > 256){
const err13 = {instancePath:instancePath+"/models",schemaPath:"#/properties/models/maxItems",keyword:"maxItems",params:{limit: 256},message:"must NOT have more than 256 items",schema:256,parentSchema:schema44.properties.models,data:data5};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
if(data5.length < 1){
const err14 = {instancePath:instancePath+"/models",schemaPath:"#/properties/models/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema44.properties.models,data:data5};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
const len2 = data5.length;
for(let i4=0; i4<len2; i4++){
let data6 = data5[i4];
if(typeof data6 === "string"){
if(!pattern12.test(data6)){
const err15 = {instancePath:instancePath+"/models/" + i4,schemaPath:"#/properties/models/items/pattern",keyword:"pattern",params:{pattern: "^[!-)+-~]{0,119}[!-~]$"},message:"must match pattern \""+"^[!-)+-~]{0,119}[!-~]$"+"\"",schema:"^[!-)+-~]{0,119}[!-~]$",parentSchema:schema44.properties.models.items,data:data6};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
else {
const err16 = {instancePath:instancePath+"/models/" + i4,schemaPath:"#/properties/models/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema44.properties.models.items.type,parentSchema:schema44.properties.models.items,data:data6};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
let i5 = data5.length;
let j2;
if(i5 > 1){
const indices2 = {};
for(;i5--;){
let item2 = data5[i5];
if(typeof item2 !== "string"){
continue;
}
if(typeof indices2[item2] == "number"){
j2 = indices2[item2];
const err17 = {instancePath:instancePath+"/models",schemaPath:"#/properties/models/uniqueItems",keyword:"uniqueItems",params:{i: i5, j: j2},message:"must NOT have duplicate items (items ## "+j2+" and "+i5+" are identical)",schema:true,parentSchema:schema44.properties.models,data:data5};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
break;
}
indices2[item2] = i5;
}
}
}
else {
const err18 = {instancePath:instancePath+"/models",schemaPath:"#/properties/models/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema44.properties.models.type,parentSchema:schema44.properties.models,data:data5};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
}
if(data.tools !== undefined){
if(!(validate34(data.tools, {instancePath:instancePath+"/tools",parentData:data,parentDataProperty:"tools",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate34.errors : vErrors.concat(validate34.errors);
errors = vErrors.length;
}
}
if(data.methods !== undefined){
let data8 = data.methods;
if(Array.isArray(data8)){
if(data8.length > 256){
const err19 = {instancePath:instancePath+"/methods",schemaPath:"#/properties/methods/maxItems",keyword:"maxItems",params:{limit: 256},message:"must NOT have more than 256 items",schema:256,parentSchema:schema44.properties.methods,data:data8};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
if(data8.length < 1){
const err20 = {instancePath:instancePath+"/methods",schemaPath:"#/properties/methods/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema44.properties.methods,data:data8};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
const len3 = data8.length;
for(let i6=0; i6<len3; i6++){
let data9 = data8[i6];
if(typeof data9 === "string"){
if(!pattern15.test(data9)){
const err21 = {instancePath:instancePath+"/methods/" + i6,schemaPath:"#/properties/methods/items/pattern",keyword:"pattern",params:{pattern: "^[!-~]{1,120}$"},message:"must match pattern \""+"^[!-~]{1,120}$"+"\"",schema:"^[!-~]{1,120}$",parentSchema:schema44.properties.methods.items,data:data9};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
}
else {
const err22 = {instancePath:instancePath+"/methods/" + i6,schemaPath:"#/properties/methods/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema44.properties.methods.items.type,parentSchema:schema44.properties.methods.items,data:data9};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
}
let i7 = data8.length;
let j3;
if(i7 > 1){
const indices3 = {};
for(;i7--;){
let item3 = data8[i7];
if(typeof item3 !== "string"){
continue;
}
if(typeof indices3[item3] == "number"){
j3 = indices3[item3];
const err23 = {instancePath:instancePath+"/methods",schemaPath:"#/properties/methods/uniqueItems",keyword:"uniqueItems",params:{i: i7, j: j3},message:"must NOT have duplicate items (items ## "+j3+" and "+i7+" are identical)",schema:true,parentSchema:schema44.properties.methods,data:data8};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
break;
}
indices3[item3] = i7;
}
}
}
else {
const err24 = {instancePath:instancePath+"/methods",schemaPath:"#/properties/methods/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema44.properties.methods.type,parentSchema:schema44.properties.methods,data:data8};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
if(data.targets !== undefined){
let data10 = data.targets;
if(Array.isArray(data10)){
if(data10.length > 256){
const err25 = {instancePath:instancePath+"/targets",schemaPath:"#/properties/targets/maxItems",keyword:"maxItems",params:{limit: 256},message:"must NOT have more than 256 items",schema:256,parentSchema:schema44.properties.targets,data:data10};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
if(data10.length < 1){
const err26 = {instancePath:instancePath+"/targets",schemaPath:"#/properties/targets/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema44.properties.targets,data:data10};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
const len4 = data10.length;
for(let i8=0; i8<len4; i8++){
let data11 = data10[i8];
if(typeof data11 === "string"){
if(!pattern15.test(data11)){
const err27 = {instancePath:instancePath+"/targets/" + i8,schemaPath:"#/properties/targets/items/pattern",keyword:"pattern",params:{pattern: "^[!-~]{1,120}$"},message:"must match pattern \""+"^[!-~]{1,120}$"+"\"",schema:"^[!-~]{1,120}$",parentSchema:schema44.properties.targets.items,data:data11};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
}
else {
const err28 = {instancePath:instancePath+"/targets/" + i8,schemaPath:"#/properties/targets/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema44.properties.targets.items.type,parentSchema:schema44.properties.targets.items,data:data11};
if(vErrors === null){
vErrors = [err28];
}
else {
vErrors.push(err28);
}
errors++;
}
}
let i9 = data10.length;
let j4;
if(i9 > 1){
const indices4 = {};
for(;i9--;){
let item4 = data10[i9];
if(typeof item4 !== "string"){
continue;
}
if(typeof indices4[item4] == "number"){
j4 = indices4[item4];
const err29 = {instancePath:instancePath+"/targets",schemaPath:"#/properties/targets/uniqueItems",keyword:"uniqueItems",params:{i: i9, j: j4},message:"must NOT have duplicate items (items ## "+j4+" and "+i9+" are identical)",schema:true,parentSchema:schema44.properties.targets,data:data10};
if(vErrors === null){
vErrors = [err29];
}
else {
vErrors.push(err29);
}
errors++;
break;
}
indices4[item4] = i9;
}
}
}
else {
const err30 = {instancePath:instancePath+"/targets",schemaPath:"#/properties/targets/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema44.properties.targets.type,parentSchema:schema44.properties.targets,data:data10};
if(vErrors === null){
vErrors = [err30];
}
else {
vErrors.push(err30);
}
errors++;
}
}
}
else {
const err31 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema44.type,parentSchema:schema44,data};
if(vErrors === null){
vErrors = [err31];
}
else {
vErrors.push(err31);
}
errors++;
}
validate33.errors = vErrors;
return errors === 0;
}
validate33.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};

const pattern9 = new RegExp("^[A-Z][A-Z0-9_-]{0,31}$", "u");
const pattern10 = new RegExp("^/[!-~]{0,1023}$", "u");
const pattern11 = new RegExp("^[!-~]{1,128}$", "u");

function validate24(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate24.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(!((((((key0 === "agent") || (key0 === "destination")) || (key0 === "methods")) || (key0 === "path_prefixes")) || (key0 === "query")) || (key0 === "protocol"))){
const err0 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema38,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
if(data.agent !== undefined){
if(!(validate25(data.agent, {instancePath:instancePath+"/agent",parentData:data,parentDataProperty:"agent",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate25.errors : vErrors.concat(validate25.errors);
errors = vErrors.length;
}
}
if(data.destination !== undefined){
let data1 = data.destination;
if(data1 && typeof data1 == "object" && !Array.isArray(data1)){
if(Object.keys(data1).length < 1){
const err1 = {instancePath:instancePath+"/destination",schemaPath:"#/$defs/DestinationMatch/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties",schema:1,parentSchema:schema42,data:data1};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
for(const key1 in data1){
if(!((((key1 === "hosts") || (key1 === "ports")) || (key1 === "schemes")) || (key1 === "any_host"))){
const err2 = {instancePath:instancePath+"/destination",schemaPath:"#/$defs/DestinationMatch/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties",schema:false,parentSchema:schema42,data:data1};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data1.hosts !== undefined){
let data2 = data1.hosts;
if(Array.isArray(data2)){
if(data2.length > 10000){
const err3 = {instancePath:instancePath+"/destination/hosts",schemaPath:"#/$defs/DestinationMatch/properties/hosts/maxItems",keyword:"maxItems",params:{limit: 10000},message:"must NOT have more than 10000 items",schema:10000,parentSchema:schema42.properties.hosts,data:data2};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
if(data2.length < 1){
const err4 = {instancePath:instancePath+"/destination/hosts",schemaPath:"#/$defs/DestinationMatch/properties/hosts/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema42.properties.hosts,data:data2};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
const len0 = data2.length;
for(let i0=0; i0<len0; i0++){
let data3 = data2[i0];
if(typeof data3 !== "string"){
const err5 = {instancePath:instancePath+"/destination/hosts/" + i0,schemaPath:"#/$defs/DestinationMatch/properties/hosts/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema42.properties.hosts.items.type,parentSchema:schema42.properties.hosts.items,data:data3};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
let i1 = data2.length;
let j0;
if(i1 > 1){
const indices0 = {};
for(;i1--;){
let item0 = data2[i1];
if(typeof item0 !== "string"){
continue;
}
if(typeof indices0[item0] == "number"){
j0 = indices0[item0];
const err6 = {instancePath:instancePath+"/destination/hosts",schemaPath:"#/$defs/DestinationMatch/properties/hosts/uniqueItems",keyword:"uniqueItems",params:{i: i1, j: j0},message:"must NOT have duplicate items (items ## "+j0+" and "+i1+" are identical)",schema:true,parentSchema:schema42.properties.hosts,data:data2};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
break;
}
indices0[item0] = i1;
}
}
}
else {
const err7 = {instancePath:instancePath+"/destination/hosts",schemaPath:"#/$defs/DestinationMatch/properties/hosts/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema42.properties.hosts.type,parentSchema:schema42.properties.hosts,data:data2};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
if(data1.ports !== undefined){
let data4 = data1.ports;
if(Array.isArray(data4)){
if(data4.length > 1000){
const err8 = {instancePath:instancePath+"/destination/ports",schemaPath:"#/$defs/DestinationMatch/properties/ports/maxItems",keyword:"maxItems",params:{limit: 1000},message:"must NOT have more than 1000 items",schema:1000,parentSchema:schema42.properties.ports,data:data4};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
if(data4.length < 1){
const err9 = {instancePath:instancePath+"/destination/ports",schemaPath:"#/$defs/DestinationMatch/properties/ports/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema42.properties.ports,data:data4};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
const len1 = data4.length;
for(let i2=0; i2<len1; i2++){
let data5 = data4[i2];
if(!(((typeof data5 == "number") && (!(data5 % 1) && !isNaN(data5))) && (isFinite(data5)))){
const err10 = {instancePath:instancePath+"/destination/ports/" + i2,schemaPath:"#/$defs/DestinationMatch/properties/ports/items/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema42.properties.ports.items.type,parentSchema:schema42.properties.ports.items,data:data5};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
if((typeof data5 == "number") && (isFinite(data5))){
if(data5 > 65535 || isNaN(data5)){
const err11 = {instancePath:instancePath+"/destination/ports/" + i2,schemaPath:"#/$defs/DestinationMatch/properties/ports/items/maximum",keyword:"maximum",params:{comparison: "<=", limit: 65535},message:"must be <= 65535",schema:65535,parentSchema:schema42.properties.ports.items,data:data5};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
if(data5 < 1 || isNaN(data5)){
const err12 = {instancePath:instancePath+"/destination/ports/" + i2,schemaPath:"#/$defs/DestinationMatch/properties/ports/items/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema42.properties.ports.items,data:data5};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
}
let i3 = data4.length;
let j1;
if(i3 > 1){
const indices1 = {};
for(;i3--;){
let item1 = data4[i3];
if(!(((typeof item1 == "number") && (!(item1 % 1) && !isNaN(item1))) && (isFinite(item1)))){
continue;
}
if(typeof indices1[item1] == "number"){
j1 = indices1[item1];
const err13 = {instancePath:instancePath+"/destination/ports",schemaPath:"#/$defs/DestinationMatch/properties/ports/uniqueItems",keyword:"uniqueItems",params:{i: i3, j: j1},message:"must NOT have duplicate items (items ## "+j1+" and "+i3+" are identical)",schema:true,parentSchema:schema42.properties.ports,data:data4};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
break;
}
indices1[item1] = i3;
}
}
}
else {
const err14 = {instancePath:instancePath+"/destination/ports",schemaPath:"#/$defs/DestinationMatch/properties/ports/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema42.properties.ports.type,parentSchema:schema42.properties.ports,data:data4};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
if(data1.schemes !== undefined){
let data6 = data1.schemes;
if(Array.isArray(data6)){
if(data6.length < 1){
const err15 = {instancePath:instancePath+"/destination/schemes",schemaPath:"#/$defs/DestinationMatch/properties/schemes/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema42.properties.schemes,data:data6};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
const len2 = data6.length;
for(let i4=0; i4<len2; i4++){
let data7 = data6[i4];
if(typeof data7 !== "string"){
const err16 = {instancePath:instancePath+"/destination/schemes/" + i4,schemaPath:"#/$defs/DestinationMatch/properties/schemes/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema42.properties.schemes.items.type,parentSchema:schema42.properties.schemes.items,data:data7};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
if(!(((data7 === "http") || (data7 === "https")) || (data7 === "tcp"))){
const err17 = {instancePath:instancePath+"/destination/schemes/" + i4,schemaPath:"#/$defs/DestinationMatch/properties/schemes/items/enum",keyword:"enum",params:{allowedValues: schema42.properties.schemes.items.enum},message:"must be equal to one of the allowed values",schema:schema42.properties.schemes.items.enum,parentSchema:schema42.properties.schemes.items,data:data7};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
let i5 = data6.length;
let j2;
if(i5 > 1){
const indices2 = {};
for(;i5--;){
let item2 = data6[i5];
if(typeof item2 !== "string"){
continue;
}
if(typeof indices2[item2] == "number"){
j2 = indices2[item2];
const err18 = {instancePath:instancePath+"/destination/schemes",schemaPath:"#/$defs/DestinationMatch/properties/schemes/uniqueItems",keyword:"uniqueItems",params:{i: i5, j: j2},message:"must NOT have duplicate items (items ## "+j2+" and "+i5+" are identical)",schema:true,parentSchema:schema42.properties.schemes,data:data6};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
break;
}
indices2[item2] = i5;
}
}
}
else {
const err19 = {instancePath:instancePath+"/destination/schemes",schemaPath:"#/$defs/DestinationMatch/properties/schemes/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema42.properties.schemes.type,parentSchema:schema42.properties.schemes,data:data6};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
if(data1.any_host !== undefined){
let data8 = data1.any_host;
if(true !== data8){
const err20 = {instancePath:instancePath+"/destination/any_host",schemaPath:"#/$defs/DestinationMatch/properties/any_host/const",keyword:"const",params:{allowedValue: true},message:"must be equal to constant",schema:true,parentSchema:schema42.properties.any_host,data:data8};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
}
}
else {
const err21 = {instancePath:instancePath+"/destination",schemaPath:"#/$defs/DestinationMatch/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema42.type,parentSchema:schema42,data:data1};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
}
if(data.methods !== undefined){
let data9 = data.methods;
if(Array.isArray(data9)){
if(data9.length > 64){
const err22 = {instancePath:instancePath+"/methods",schemaPath:"#/properties/methods/maxItems",keyword:"maxItems",params:{limit: 64},message:"must NOT have more than 64 items",schema:64,parentSchema:schema38.properties.methods,data:data9};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
if(data9.length < 1){
const err23 = {instancePath:instancePath+"/methods",schemaPath:"#/properties/methods/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema38.properties.methods,data:data9};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
const len3 = data9.length;
for(let i6=0; i6<len3; i6++){
let data10 = data9[i6];
if(typeof data10 === "string"){
if(!pattern9.test(data10)){
const err24 = {instancePath:instancePath+"/methods/" + i6,schemaPath:"#/properties/methods/items/pattern",keyword:"pattern",params:{pattern: "^[A-Z][A-Z0-9_-]{0,31}$"},message:"must match pattern \""+"^[A-Z][A-Z0-9_-]{0,31}$"+"\"",schema:"^[A-Z][A-Z0-9_-]{0,31}$",parentSchema:schema38.properties.methods.items,data:data10};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
else {
const err25 = {instancePath:instancePath+"/methods/" + i6,schemaPath:"#/properties/methods/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema38.properties.methods.items.type,parentSchema:schema38.properties.methods.items,data:data10};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
let i7 = data9.length;
let j3;
if(i7 > 1){
const indices3 = {};
for(;i7--;){
let item3 = data9[i7];
if(typeof item3 !== "string"){
continue;
}
if(typeof indices3[item3] == "number"){
j3 = indices3[item3];
const err26 = {instancePath:instancePath+"/methods",schemaPath:"#/properties/methods/uniqueItems",keyword:"uniqueItems",params:{i: i7, j: j3},message:"must NOT have duplicate items (items ## "+j3+" and "+i7+" are identical)",schema:true,parentSchema:schema38.properties.methods,data:data9};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
break;
}
indices3[item3] = i7;
}
}
}
else {
const err27 = {instancePath:instancePath+"/methods",schemaPath:"#/properties/methods/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema38.properties.methods.type,parentSchema:schema38.properties.methods,data:data9};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
}
if(data.path_prefixes !== undefined){
let data11 = data.path_prefixes;
if(Array.isArray(data11)){
if(data11.length > 1000){
const err28 = {instancePath:instancePath+"/path_prefixes",schemaPath:"#/properties/path_prefixes/maxItems",keyword:"maxItems",params:{limit: 1000},message:"must NOT have more than 1000 items",schema:1000,parentSchema:schema38.properties.path_prefixes,data:data11};
if(vErrors === null){
vErrors = [err28];
}
else {
vErrors.push(err28);
}
errors++;
}
if(data11.length < 1){
const err29 = {instancePath:instancePath+"/path_prefixes",schemaPath:"#/properties/path_prefixes/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema38.properties.path_prefixes,data:data11};
if(vErrors === null){
vErrors = [err29];
}
else {
vErrors.push(err29);
}
errors++;
}
const len4 = data11.length;
for(let i8=0; i8<len4; i8++){
let data12 = data11[i8];
if(typeof data12 === "string"){
if(!pattern10.test(data12)){
const err30 = {instancePath:instancePath+"/path_prefixes/" + i8,schemaPath:"#/properties/path_prefixes/items/pattern",keyword:"pattern",params:{pattern: "^/[!-~]{0,1023}$"},message:"must match pattern \""+"^/[!-~]{0,1023}$"+"\"",schema:"^/[!-~]{0,1023}$",parentSchema:schema38.properties.path_prefixes.items,data:data12};
if(vErrors === null){
vErrors = [err30];
}
else {
vErrors.push(err30);
}
errors++;
}
}
else {
const err31 = {instancePath:instancePath+"/path_prefixes/" + i8,schemaPath:"#/properties/path_prefixes/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema38.properties.path_prefixes.items.type,parentSchema:schema38.properties.path_prefixes.items,data:data12};
if(vErrors === null){
vErrors = [err31];
}
else {
vErrors.push(err31);
}
errors++;
}
}
let i9 = data11.length;
let j4;
if(i9 > 1){
const indices4 = {};
for(;i9--;){
let item4 = data11[i9];
if(typeof item4 !== "string"){
continue;
}
if(typeof indices4[item4] == "number"){
j4 = indices4[item4];
const err32 = {instancePath:instancePath+"/path_prefixes",schemaPath:"#/properties/path_prefixes/uniqueItems",keyword:"uniqueItems",params:{i: i9, j: j4},message:"must NOT have duplicate items (items ## "+j4+" and "+i9+" are identical)",schema:true,parentSchema:schema38.properties.path_prefixes,data:data11};
if(vErrors === null){
vErrors = [err32];
}
else {
vErrors.push(err32);
}
errors++;
break;
}
indices4[item4] = i9;
}
}
}
else {
const err33 = {instancePath:instancePath+"/path_prefixes",schemaPath:"#/properties/path_prefixes/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema38.properties.path_prefixes.type,parentSchema:schema38.properties.path_prefixes,data:data11};
if(vErrors === null){
vErrors = [err33];
}
else {
vErrors.push(err33);
}
errors++;
}
}
if(data.query !== undefined){
let data13 = data.query;
if(data13 && typeof data13 == "object" && !Array.isArray(data13)){
if(data13.absent === undefined){
const err34 = {instancePath:instancePath+"/query",schemaPath:"#/$defs/QueryMatch/required",keyword:"required",params:{missingProperty: "absent"},message:"must have required property '"+"absent"+"'",schema:schema43.required,parentSchema:schema43,data:data13};
if(vErrors === null){
vErrors = [err34];
}
else {
vErrors.push(err34);
}
errors++;
}
for(const key2 in data13){
if(!(key2 === "absent")){
const err35 = {instancePath:instancePath+"/query",schemaPath:"#/$defs/QueryMatch/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key2},message:"must NOT have additional properties",schema:false,parentSchema:schema43,data:data13};
if(vErrors === null){
vErrors = [err35];
}
else {
vErrors.push(err35);
}
errors++;
}
}
if(data13.absent !== undefined){
let data14 = data13.absent;
if(Array.isArray(data14)){
if(data14.length > 64){
const err36 = {instancePath:instancePath+"/query/absent",schemaPath:"#/$defs/QueryMatch/properties/absent/maxItems",keyword:"maxItems",params:{limit: 64},message:"must NOT have more than 64 items",schema:64,parentSchema:schema43.properties.absent,data:data14};
if(vErrors === null){
vErrors = [err36];
}
else {
vErrors.push(err36);
}
errors++;
}
if(data14.length < 1){
const err37 = {instancePath:instancePath+"/query/absent",schemaPath:"#/$defs/QueryMatch/properties/absent/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema43.properties.absent,data:data14};
if(vErrors === null){
vErrors = [err37];
}
else {
vErrors.push(err37);
}
errors++;
}
const len5 = data14.length;
for(let i10=0; i10<len5; i10++){
let data15 = data14[i10];
if(typeof data15 === "string"){
if(!pattern11.test(data15)){
const err38 = {instancePath:instancePath+"/query/absent/" + i10,schemaPath:"#/$defs/QueryMatch/properties/absent/items/pattern",keyword:"pattern",params:{pattern: "^[!-~]{1,128}$"},message:"must match pattern \""+"^[!-~]{1,128}$"+"\"",schema:"^[!-~]{1,128}$",parentSchema:schema43.properties.absent.items,data:data15};
if(vErrors === null){
vErrors = [err38];
}
else {
vErrors.push(err38);
}
errors++;
}
}
else {
const err39 = {instancePath:instancePath+"/query/absent/" + i10,schemaPath:"#/$defs/QueryMatch/properties/absent/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema43.properties.absent.items.type,parentSchema:schema43.properties.absent.items,data:data15};
if(vErrors === null){
vErrors = [err39];
}
else {
vErrors.push(err39);
}
errors++;
}
}
let i11 = data14.length;
let j5;
if(i11 > 1){
const indices5 = {};
for(;i11--;){
let item5 = data14[i11];
if(typeof item5 !== "string"){
continue;
}
if(typeof indices5[item5] == "number"){
j5 = indices5[item5];
const err40 = {instancePath:instancePath+"/query/absent",schemaPath:"#/$defs/QueryMatch/properties/absent/uniqueItems",keyword:"uniqueItems",params:{i: i11, j: j5},message:"must NOT have duplicate items (items ## "+j5+" and "+i11+" are identical)",schema:true,parentSchema:schema43.properties.absent,data:data14};
if(vErrors === null){
vErrors = [err40];
}
else {
vErrors.push(err40);
}
errors++;
break;
}
indices5[item5] = i11;
}
}
}
else {
const err41 = {instancePath:instancePath+"/query/absent",schemaPath:"#/$defs/QueryMatch/properties/absent/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema43.properties.absent.type,parentSchema:schema43.properties.absent,data:data14};
if(vErrors === null){
vErrors = [err41];
}
else {
vErrors.push(err41);
}
errors++;
}
}
}
else {
const err42 = {instancePath:instancePath+"/query",schemaPath:"#/$defs/QueryMatch/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema43.type,parentSchema:schema43,data:data13};
if(vErrors === null){
vErrors = [err42];
}
else {
vErrors.push(err42);
}
errors++;
}
}
if(data.protocol !== undefined){
if(!(validate33(data.protocol, {instancePath:instancePath+"/protocol",parentData:data,parentDataProperty:"protocol",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate33.errors : vErrors.concat(validate33.errors);
errors = vErrors.length;
}
}
}
else {
const err43 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema38.type,parentSchema:schema38,data};
if(vErrors === null){
vErrors = [err43];
}
else {
vErrors.push(err43);
}
errors++;
}
validate24.errors = vErrors;
return errors === 0;
}
validate24.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};

const schema49 = {"type":"object","additionalProperties":false,"minProperties":1,"properties":{"format":{"description":"json: one JSON text. json_lines: one in each line. any: whatever it is. Default: json beside schema, elements or repair, else any.","enum":["json","json_lines","any"]},"schema":{"description":"Id of the schema that the body has to fit; of json_lines each line.","$ref":"#/$defs/Id"},"elements":{"description":"An array whose elements are checked one by one, also while a large body streams.","$ref":"#/$defs/ElementContract"},"repair":{"description":"once: a text that is nearly JSON is mended where that cannot change its meaning, and checked again. Default: it is refused.","const":"once"},"repair_kinds":{"description":"Only with repair. What may be mended. Default: all of them.","type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","enum":["code_fence","bom","trailing_comma","comment","single_quotes","unquoted_key"]}},"max_bytes":{"description":"Bytes of the body that are held and read. Default 1048576.","type":"integer","minimum":1,"maximum":16777216},"on_oversize":{"description":"A body beyond max_bytes: deny refuses it; stream passes it on while it is checked, and cuts it at a mistake; scan_prefix reads max_bytes of it and lets the rest through unread. Default deny.","enum":["deny","stream","scan_prefix"]},"ask_usage":{"description":"true: a call of a model that streams may be changed so that the provider tells its usage.","const":true}}};
const schema51 = {"type":"object","additionalProperties":false,"required":["pointer","schema"],"properties":{"pointer":{"description":"JSON pointer to the array; empty for the whole text.","type":"string","$ref":"#/$defs/Pointer"},"schema":{"description":"Id of the schema that each element has to fit.","$ref":"#/$defs/Id"}}};
const schema52 = {"type":"string","pattern":"^(/([!-.0-}]|~[01]){0,64}){0,16}$","x-allowed":"a JSON pointer such as /items or /data/0/card, printable ASCII, at most 16 steps of 64 characters"};
const pattern18 = new RegExp("^(/([!-.0-}]|~[01]){0,64}){0,16}$", "u");

function validate39(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate39.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.pointer === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "pointer"},message:"must have required property '"+"pointer"+"'",schema:schema51.required,parentSchema:schema51,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.schema === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "schema"},message:"must have required property '"+"schema"+"'",schema:schema51.required,parentSchema:schema51,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
for(const key0 in data){
if(!((key0 === "pointer") || (key0 === "schema"))){
const err2 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema51,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.pointer !== undefined){
let data0 = data.pointer;
if(typeof data0 !== "string"){
const err3 = {instancePath:instancePath+"/pointer",schemaPath:"#/properties/pointer/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema51.properties.pointer.type,parentSchema:schema51.properties.pointer,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
if(typeof data0 === "string"){
if(!pattern18.test(data0)){
const err4 = {instancePath:instancePath+"/pointer",schemaPath:"#/$defs/Pointer/pattern",keyword:"pattern",params:{pattern: "^(/([!-.0-}]|~[01]){0,64}){0,16}$"},message:"must match pattern \""+"^(/([!-.0-}]|~[01]){0,64}){0,16}$"+"\"",schema:"^(/([!-.0-}]|~[01]){0,64}){0,16}$",parentSchema:schema52,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
else {
const err5 = {instancePath:instancePath+"/pointer",schemaPath:"#/$defs/Pointer/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema52.type,parentSchema:schema52,data:data0};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.schema !== undefined){
let data1 = data.schema;
if(typeof data1 === "string"){
if(!pattern4.test(data1)){
const err6 = {instancePath:instancePath+"/schema",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
else {
const err7 = {instancePath:instancePath+"/schema",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data1};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
}
else {
const err8 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema51.type,parentSchema:schema51,data};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
validate39.errors = vErrors;
return errors === 0;
}
validate39.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};


function validate38(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate38.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(Object.keys(data).length < 1){
const err0 = {instancePath,schemaPath:"#/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties",schema:1,parentSchema:schema49,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!((((((((key0 === "format") || (key0 === "schema")) || (key0 === "elements")) || (key0 === "repair")) || (key0 === "repair_kinds")) || (key0 === "max_bytes")) || (key0 === "on_oversize")) || (key0 === "ask_usage"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema49,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.format !== undefined){
let data0 = data.format;
if(!(((data0 === "json") || (data0 === "json_lines")) || (data0 === "any"))){
const err2 = {instancePath:instancePath+"/format",schemaPath:"#/properties/format/enum",keyword:"enum",params:{allowedValues: schema49.properties.format.enum},message:"must be equal to one of the allowed values",schema:schema49.properties.format.enum,parentSchema:schema49.properties.format,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.schema !== undefined){
let data1 = data.schema;
if(typeof data1 === "string"){
if(!pattern4.test(data1)){
const err3 = {instancePath:instancePath+"/schema",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data1};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/schema",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.elements !== undefined){
if(!(validate39(data.elements, {instancePath:instancePath+"/elements",parentData:data,parentDataProperty:"elements",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate39.errors : vErrors.concat(validate39.errors);
errors = vErrors.length;
}
}
if(data.repair !== undefined){
let data3 = data.repair;
if("once" !== data3){
const err5 = {instancePath:instancePath+"/repair",schemaPath:"#/properties/repair/const",keyword:"const",params:{allowedValue: "once"},message:"must be equal to constant",schema:"once",parentSchema:schema49.properties.repair,data:data3};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.repair_kinds !== undefined){
let data4 = data.repair_kinds;
if(Array.isArray(data4)){
if(data4.length < 1){
const err6 = {instancePath:instancePath+"/repair_kinds",schemaPath:"#/properties/repair_kinds/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema49.properties.repair_kinds,data:data4};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
const len0 = data4.length;
for(let i0=0; i0<len0; i0++){
let data5 = data4[i0];
if(typeof data5 !== "string"){
const err7 = {instancePath:instancePath+"/repair_kinds/" + i0,schemaPath:"#/properties/repair_kinds/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema49.properties.repair_kinds.items.type,parentSchema:schema49.properties.repair_kinds.items,data:data5};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
if(!((((((data5 === "code_fence") || (data5 === "bom")) || (data5 === "trailing_comma")) || (data5 === "comment")) || (data5 === "single_quotes")) || (data5 === "unquoted_key"))){
const err8 = {instancePath:instancePath+"/repair_kinds/" + i0,schemaPath:"#/properties/repair_kinds/items/enum",keyword:"enum",params:{allowedValues: schema49.properties.repair_kinds.items.enum},message:"must be equal to one of the allowed values",schema:schema49.properties.repair_kinds.items.enum,parentSchema:schema49.properties.repair_kinds.items,data:data5};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
let i1 = data4.length;
let j0;
if(i1 > 1){
const indices0 = {};
for(;i1--;){
let item0 = data4[i1];
if(typeof item0 !== "string"){
continue;
}
if(typeof indices0[item0] == "number"){
j0 = indices0[item0];
const err9 = {instancePath:instancePath+"/repair_kinds",schemaPath:"#/properties/repair_kinds/uniqueItems",keyword:"uniqueItems",params:{i: i1, j: j0},message:"must NOT have duplicate items (items ## "+j0+" and "+i1+" are identical)",schema:true,parentSchema:schema49.properties.repair_kinds,data:data4};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
break;
}
indices0[item0] = i1;
}
}
}
else {
const err10 = {instancePath:instancePath+"/repair_kinds",schemaPath:"#/properties/repair_kinds/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema49.properties.repair_kinds.type,parentSchema:schema49.properties.repair_kinds,data:data4};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
if(data.max_bytes !== undefined){
let data6 = data.max_bytes;
if(!(((typeof data6 == "number") && (!(data6 % 1) && !isNaN(data6))) && (isFinite(data6)))){
const err11 = {instancePath:instancePath+"/max_bytes",schemaPath:"#/properties/max_bytes/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema49.properties.max_bytes.type,parentSchema:schema49.properties.max_bytes,data:data6};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
if((typeof data6 == "number") && (isFinite(data6))){
if(data6 > 16777216 || isNaN(data6)){
const err12 = {instancePath:instancePath+"/max_bytes",schemaPath:"#/properties/max_bytes/maximum",keyword:"maximum",params:{comparison: "<=", limit: 16777216},message:"must be <= 16777216",schema:16777216,parentSchema:schema49.properties.max_bytes,data:data6};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
if(data6 < 1 || isNaN(data6)){
const err13 = {instancePath:instancePath+"/max_bytes",schemaPath:"#/properties/max_bytes/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema49.properties.max_bytes,data:data6};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
}
if(data.on_oversize !== undefined){
let data7 = data.on_oversize;
if(!(((data7 === "deny") || (data7 === "stream")) || (data7 === "scan_prefix"))){
const err14 = {instancePath:instancePath+"/on_oversize",schemaPath:"#/properties/on_oversize/enum",keyword:"enum",params:{allowedValues: schema49.properties.on_oversize.enum},message:"must be equal to one of the allowed values",schema:schema49.properties.on_oversize.enum,parentSchema:schema49.properties.on_oversize,data:data7};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
if(data.ask_usage !== undefined){
let data8 = data.ask_usage;
if(true !== data8){
const err15 = {instancePath:instancePath+"/ask_usage",schemaPath:"#/properties/ask_usage/const",keyword:"const",params:{allowedValue: true},message:"must be equal to constant",schema:true,parentSchema:schema49.properties.ask_usage,data:data8};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
}
else {
const err16 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema49.type,parentSchema:schema49,data};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
validate38.errors = vErrors;
return errors === 0;
}
validate38.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};

const schema54 = {"type":"object","additionalProperties":false,"minProperties":1,"properties":{"inspect":{"description":"json: the answer has to be JSON and is held until it was read. sse: events are read as they pass. auto: by its content-type. Default: json beside schema or strip, else auto.","enum":["json","sse","auto"]},"schema":{"description":"Id of the schema that a JSON answer has to fit.","$ref":"#/$defs/Id"},"max_bytes":{"description":"Bytes of the answer; more break the contract. Default 16777216.","type":"integer","minimum":1,"maximum":1073741824},"on_violation":{"description":"block: the agent gets our refusal, or the stream is cut. strip: what strip names is taken out and the rest goes on. alert: all goes on and the receipt says so. Default block.","enum":["block","strip","alert"]},"strip":{"description":"JSON pointers whose values are taken out of JSON answers.","type":"array","minItems":1,"maxItems":16,"uniqueItems":true,"items":{"type":"string","$ref":"#/$defs/Pointer"}},"notarize":{"description":"true: digests of the answer, of streams from time to time, are recorded.","const":true},"tool_calls":{"description":"Which tools the model may call; calls are held until they are whole.","$ref":"#/$defs/ToolCallContract"},"on_encoded":{"description":"An answer with a content-encoding although identity was asked for: refuse it, or bypass lets it through unread. Default refuse.","enum":["refuse","bypass"]}}};
const schema57 = {"type":"object","additionalProperties":false,"minProperties":1,"properties":{"allow":{"description":"The only tools that the model may call; empty: none.","$ref":"#/$defs/ToolNames"},"deny":{"description":"Tools that the model may not call.","$ref":"#/$defs/ToolNames"}}};

function validate43(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate43.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(Object.keys(data).length < 1){
const err0 = {instancePath,schemaPath:"#/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties",schema:1,parentSchema:schema57,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!((key0 === "allow") || (key0 === "deny"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema57,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.allow !== undefined){
let data0 = data.allow;
if(Array.isArray(data0)){
if(data0.length > 32){
const err2 = {instancePath:instancePath+"/allow",schemaPath:"#/$defs/ToolNames/maxItems",keyword:"maxItems",params:{limit: 32},message:"must NOT have more than 32 items",schema:32,parentSchema:schema46,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
const len0 = data0.length;
for(let i0=0; i0<len0; i0++){
let data1 = data0[i0];
if(typeof data1 === "string"){
if(!pattern13.test(data1)){
const err3 = {instancePath:instancePath+"/allow/" + i0,schemaPath:"#/$defs/ToolNames/items/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9_.:/-]{1,64}$"},message:"must match pattern \""+"^[A-Za-z0-9_.:/-]{1,64}$"+"\"",schema:"^[A-Za-z0-9_.:/-]{1,64}$",parentSchema:schema46.items,data:data1};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/allow/" + i0,schemaPath:"#/$defs/ToolNames/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema46.items.type,parentSchema:schema46.items,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
let i1 = data0.length;
let j0;
if(i1 > 1){
const indices0 = {};
for(;i1--;){
let item0 = data0[i1];
if(typeof item0 !== "string"){
continue;
}
if(typeof indices0[item0] == "number"){
j0 = indices0[item0];
const err5 = {instancePath:instancePath+"/allow",schemaPath:"#/$defs/ToolNames/uniqueItems",keyword:"uniqueItems",params:{i: i1, j: j0},message:"must NOT have duplicate items (items ## "+j0+" and "+i1+" are identical)",schema:true,parentSchema:schema46,data:data0};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
break;
}
indices0[item0] = i1;
}
}
}
else {
const err6 = {instancePath:instancePath+"/allow",schemaPath:"#/$defs/ToolNames/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema46.type,parentSchema:schema46,data:data0};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.deny !== undefined){
let data2 = data.deny;
if(Array.isArray(data2)){
if(data2.length > 32){
const err7 = {instancePath:instancePath+"/deny",schemaPath:"#/$defs/ToolNames/maxItems",keyword:"maxItems",params:{limit: 32},message:"must NOT have more than 32 items",schema:32,parentSchema:schema46,data:data2};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
const len1 = data2.length;
for(let i2=0; i2<len1; i2++){
let data3 = data2[i2];
if(typeof data3 === "string"){
if(!pattern13.test(data3)){
const err8 = {instancePath:instancePath+"/deny/" + i2,schemaPath:"#/$defs/ToolNames/items/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9_.:/-]{1,64}$"},message:"must match pattern \""+"^[A-Za-z0-9_.:/-]{1,64}$"+"\"",schema:"^[A-Za-z0-9_.:/-]{1,64}$",parentSchema:schema46.items,data:data3};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
else {
const err9 = {instancePath:instancePath+"/deny/" + i2,schemaPath:"#/$defs/ToolNames/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema46.items.type,parentSchema:schema46.items,data:data3};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
let i3 = data2.length;
let j1;
if(i3 > 1){
const indices1 = {};
for(;i3--;){
let item1 = data2[i3];
if(typeof item1 !== "string"){
continue;
}
if(typeof indices1[item1] == "number"){
j1 = indices1[item1];
const err10 = {instancePath:instancePath+"/deny",schemaPath:"#/$defs/ToolNames/uniqueItems",keyword:"uniqueItems",params:{i: i3, j: j1},message:"must NOT have duplicate items (items ## "+j1+" and "+i3+" are identical)",schema:true,parentSchema:schema46,data:data2};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
break;
}
indices1[item1] = i3;
}
}
}
else {
const err11 = {instancePath:instancePath+"/deny",schemaPath:"#/$defs/ToolNames/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema46.type,parentSchema:schema46,data:data2};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
}
else {
const err12 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema57.type,parentSchema:schema57,data};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
validate43.errors = vErrors;
return errors === 0;
}
validate43.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};


function validate42(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate42.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(Object.keys(data).length < 1){
const err0 = {instancePath,schemaPath:"#/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties",schema:1,parentSchema:schema54,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!((((((((key0 === "inspect") || (key0 === "schema")) || (key0 === "max_bytes")) || (key0 === "on_violation")) || (key0 === "strip")) || (key0 === "notarize")) || (key0 === "tool_calls")) || (key0 === "on_encoded"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema54,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.inspect !== undefined){
let data0 = data.inspect;
if(!(((data0 === "json") || (data0 === "sse")) || (data0 === "auto"))){
const err2 = {instancePath:instancePath+"/inspect",schemaPath:"#/properties/inspect/enum",keyword:"enum",params:{allowedValues: schema54.properties.inspect.enum},message:"must be equal to one of the allowed values",schema:schema54.properties.inspect.enum,parentSchema:schema54.properties.inspect,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.schema !== undefined){
let data1 = data.schema;
if(typeof data1 === "string"){
if(!pattern4.test(data1)){
const err3 = {instancePath:instancePath+"/schema",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data1};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/schema",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.max_bytes !== undefined){
let data2 = data.max_bytes;
if(!(((typeof data2 == "number") && (!(data2 % 1) && !isNaN(data2))) && (isFinite(data2)))){
const err5 = {instancePath:instancePath+"/max_bytes",schemaPath:"#/properties/max_bytes/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema54.properties.max_bytes.type,parentSchema:schema54.properties.max_bytes,data:data2};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
if((typeof data2 == "number") && (isFinite(data2))){
if(data2 > 1073741824 || isNaN(data2)){
const err6 = {instancePath:instancePath+"/max_bytes",schemaPath:"#/properties/max_bytes/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1073741824},message:"must be <= 1073741824",schema:1073741824,parentSchema:schema54.properties.max_bytes,data:data2};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
if(data2 < 1 || isNaN(data2)){
const err7 = {instancePath:instancePath+"/max_bytes",schemaPath:"#/properties/max_bytes/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema54.properties.max_bytes,data:data2};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
}
if(data.on_violation !== undefined){
let data3 = data.on_violation;
if(!(((data3 === "block") || (data3 === "strip")) || (data3 === "alert"))){
const err8 = {instancePath:instancePath+"/on_violation",schemaPath:"#/properties/on_violation/enum",keyword:"enum",params:{allowedValues: schema54.properties.on_violation.enum},message:"must be equal to one of the allowed values",schema:schema54.properties.on_violation.enum,parentSchema:schema54.properties.on_violation,data:data3};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data.strip !== undefined){
let data4 = data.strip;
if(Array.isArray(data4)){
if(data4.length > 16){
const err9 = {instancePath:instancePath+"/strip",schemaPath:"#/properties/strip/maxItems",keyword:"maxItems",params:{limit: 16},message:"must NOT have more than 16 items",schema:16,parentSchema:schema54.properties.strip,data:data4};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
if(data4.length < 1){
const err10 = {instancePath:instancePath+"/strip",schemaPath:"#/properties/strip/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema54.properties.strip,data:data4};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
const len0 = data4.length;
for(let i0=0; i0<len0; i0++){
let data5 = data4[i0];
if(typeof data5 !== "string"){
const err11 = {instancePath:instancePath+"/strip/" + i0,schemaPath:"#/properties/strip/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema54.properties.strip.items.type,parentSchema:schema54.properties.strip.items,data:data5};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
if(typeof data5 === "string"){
if(!pattern18.test(data5)){
const err12 = {instancePath:instancePath+"/strip/" + i0,schemaPath:"#/$defs/Pointer/pattern",keyword:"pattern",params:{pattern: "^(/([!-.0-}]|~[01]){0,64}){0,16}$"},message:"must match pattern \""+"^(/([!-.0-}]|~[01]){0,64}){0,16}$"+"\"",schema:"^(/([!-.0-}]|~[01]){0,64}){0,16}$",parentSchema:schema52,data:data5};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
else {
const err13 = {instancePath:instancePath+"/strip/" + i0,schemaPath:"#/$defs/Pointer/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema52.type,parentSchema:schema52,data:data5};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
let i1 = data4.length;
let j0;
if(i1 > 1){
const indices0 = {};
for(;i1--;){
let item0 = data4[i1];
if(typeof item0 !== "string"){
continue;
}
if(typeof indices0[item0] == "number"){
j0 = indices0[item0];
const err14 = {instancePath:instancePath+"/strip",schemaPath:"#/properties/strip/uniqueItems",keyword:"uniqueItems",params:{i: i1, j: j0},message:"must NOT have duplicate items (items ## "+j0+" and "+i1+" are identical)",schema:true,parentSchema:schema54.properties.strip,data:data4};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
break;
}
indices0[item0] = i1;
}
}
}
else {
const err15 = {instancePath:instancePath+"/strip",schemaPath:"#/properties/strip/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema54.properties.strip.type,parentSchema:schema54.properties.strip,data:data4};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
if(data.notarize !== undefined){
let data6 = data.notarize;
if(true !== data6){
const err16 = {instancePath:instancePath+"/notarize",schemaPath:"#/properties/notarize/const",keyword:"const",params:{allowedValue: true},message:"must be equal to constant",schema:true,parentSchema:schema54.properties.notarize,data:data6};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
if(data.tool_calls !== undefined){
if(!(validate43(data.tool_calls, {instancePath:instancePath+"/tool_calls",parentData:data,parentDataProperty:"tool_calls",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate43.errors : vErrors.concat(validate43.errors);
errors = vErrors.length;
}
}
if(data.on_encoded !== undefined){
let data8 = data.on_encoded;
if(!((data8 === "refuse") || (data8 === "bypass"))){
const err17 = {instancePath:instancePath+"/on_encoded",schemaPath:"#/properties/on_encoded/enum",keyword:"enum",params:{allowedValues: schema54.properties.on_encoded.enum},message:"must be equal to one of the allowed values",schema:schema54.properties.on_encoded.enum,parentSchema:schema54.properties.on_encoded,data:data8};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
}
else {
const err18 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema54.type,parentSchema:schema54,data};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
validate42.errors = vErrors;
return errors === 0;
}
validate42.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};


function validate23(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate23.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.id === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "id"},message:"must have required property '"+"id"+"'",schema:schema36.required,parentSchema:schema36,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.action === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "action"},message:"must have required property '"+"action"+"'",schema:schema36.required,parentSchema:schema36,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
for(const key0 in data){
if(!(func1.call(schema36.properties, key0))){
const err2 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema36,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.id !== undefined){
let data0 = data.id;
if(typeof data0 === "string"){
if(!pattern4.test(data0)){
const err3 = {instancePath:instancePath+"/id",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/id",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.priority !== undefined){
let data1 = data.priority;
if(!(((typeof data1 == "number") && (!(data1 % 1) && !isNaN(data1))) && (isFinite(data1)))){
const err5 = {instancePath:instancePath+"/priority",schemaPath:"#/properties/priority/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema36.properties.priority.type,parentSchema:schema36.properties.priority,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
if((typeof data1 == "number") && (isFinite(data1))){
if(data1 > 1000000 || isNaN(data1)){
const err6 = {instancePath:instancePath+"/priority",schemaPath:"#/properties/priority/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000000},message:"must be <= 1000000",schema:1000000,parentSchema:schema36.properties.priority,data:data1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
if(data1 < 0 || isNaN(data1)){
const err7 = {instancePath:instancePath+"/priority",schemaPath:"#/properties/priority/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0",schema:0,parentSchema:schema36.properties.priority,data:data1};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
}
if(data.enabled !== undefined){
let data2 = data.enabled;
if(typeof data2 !== "boolean"){
const err8 = {instancePath:instancePath+"/enabled",schemaPath:"#/properties/enabled/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema36.properties.enabled.type,parentSchema:schema36.properties.enabled,data:data2};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data.match !== undefined){
if(!(validate24(data.match, {instancePath:instancePath+"/match",parentData:data,parentDataProperty:"match",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate24.errors : vErrors.concat(validate24.errors);
errors = vErrors.length;
}
}
if(data.action !== undefined){
let data4 = data.action;
if(!((((data4 === "allow") || (data4 === "deny")) || (data4 === "alert")) || (data4 === "log_only"))){
const err9 = {instancePath:instancePath+"/action",schemaPath:"#/properties/action/enum",keyword:"enum",params:{allowedValues: schema36.properties.action.enum},message:"must be equal to one of the allowed values",schema:schema36.properties.action.enum,parentSchema:schema36.properties.action,data:data4};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
if(data.shadow !== undefined){
let data5 = data.shadow;
if(typeof data5 !== "boolean"){
const err10 = {instancePath:instancePath+"/shadow",schemaPath:"#/properties/shadow/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema36.properties.shadow.type,parentSchema:schema36.properties.shadow,data:data5};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
if(data.path !== undefined){
let data6 = data.path;
if(!(((data6 === "deny_ambiguous") || (data6 === "rewrite")) || (data6 === "raw"))){
const err11 = {instancePath:instancePath+"/path",schemaPath:"#/properties/path/enum",keyword:"enum",params:{allowedValues: schema36.properties.path.enum},message:"must be equal to one of the allowed values",schema:schema36.properties.path.enum,parentSchema:schema36.properties.path,data:data6};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
if(data.tls !== undefined){
let data7 = data.tls;
if(!(((data7 === "intercept") || (data7 === "passthrough")) || (data7 === "deny"))){
const err12 = {instancePath:instancePath+"/tls",schemaPath:"#/properties/tls/enum",keyword:"enum",params:{allowedValues: schema36.properties.tls.enum},message:"must be equal to one of the allowed values",schema:schema36.properties.tls.enum,parentSchema:schema36.properties.tls,data:data7};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
if(data.stream !== undefined){
let data8 = data.stream;
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
if(Object.keys(data8).length < 1){
const err13 = {instancePath:instancePath+"/stream",schemaPath:"#/$defs/StreamCaps/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties",schema:1,parentSchema:schema48,data:data8};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
for(const key1 in data8){
if(!(((key1 === "max_bytes") || (key1 === "max_seconds")) || (key1 === "max_message_bytes"))){
const err14 = {instancePath:instancePath+"/stream",schemaPath:"#/$defs/StreamCaps/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties",schema:false,parentSchema:schema48,data:data8};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
if(data8.max_bytes !== undefined){
let data9 = data8.max_bytes;
if(!(((typeof data9 == "number") && (!(data9 % 1) && !isNaN(data9))) && (isFinite(data9)))){
const err15 = {instancePath:instancePath+"/stream/max_bytes",schemaPath:"#/$defs/StreamCaps/properties/max_bytes/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema48.properties.max_bytes.type,parentSchema:schema48.properties.max_bytes,data:data9};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
if((typeof data9 == "number") && (isFinite(data9))){
if(data9 > 1099511627776 || isNaN(data9)){
const err16 = {instancePath:instancePath+"/stream/max_bytes",schemaPath:"#/$defs/StreamCaps/properties/max_bytes/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1099511627776},message:"must be <= 1099511627776",schema:1099511627776,parentSchema:schema48.properties.max_bytes,data:data9};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
if(data9 < 1 || isNaN(data9)){
const err17 = {instancePath:instancePath+"/stream/max_bytes",schemaPath:"#/$defs/StreamCaps/properties/max_bytes/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema48.properties.max_bytes,data:data9};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
}
if(data8.max_seconds !== undefined){
let data10 = data8.max_seconds;
if(!(((typeof data10 == "number") && (!(data10 % 1) && !isNaN(data10))) && (isFinite(data10)))){
const err18 = {instancePath:instancePath+"/stream/max_seconds",schemaPath:"#/$defs/StreamCaps/properties/max_seconds/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema48.properties.max_seconds.type,parentSchema:schema48.properties.max_seconds,data:data10};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
if((typeof data10 == "number") && (isFinite(data10))){
if(data10 > 3600 || isNaN(data10)){
const err19 = {instancePath:instancePath+"/stream/max_seconds",schemaPath:"#/$defs/StreamCaps/properties/max_seconds/maximum",keyword:"maximum",params:{comparison: "<=", limit: 3600},message:"must be <= 3600",schema:3600,parentSchema:schema48.properties.max_seconds,data:data10};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
if(data10 < 1 || isNaN(data10)){
const err20 = {instancePath:instancePath+"/stream/max_seconds",schemaPath:"#/$defs/StreamCaps/properties/max_seconds/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema48.properties.max_seconds,data:data10};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
}
}
if(data8.max_message_bytes !== undefined){
let data11 = data8.max_message_bytes;
if(!(((typeof data11 == "number") && (!(data11 % 1) && !isNaN(data11))) && (isFinite(data11)))){
const err21 = {instancePath:instancePath+"/stream/max_message_bytes",schemaPath:"#/$defs/StreamCaps/properties/max_message_bytes/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema48.properties.max_message_bytes.type,parentSchema:schema48.properties.max_message_bytes,data:data11};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
if((typeof data11 == "number") && (isFinite(data11))){
if(data11 > 16777216 || isNaN(data11)){
const err22 = {instancePath:instancePath+"/stream/max_message_bytes",schemaPath:"#/$defs/StreamCaps/properties/max_message_bytes/maximum",keyword:"maximum",params:{comparison: "<=", limit: 16777216},message:"must be <= 16777216",schema:16777216,parentSchema:schema48.properties.max_message_bytes,data:data11};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
if(data11 < 1 || isNaN(data11)){
const err23 = {instancePath:instancePath+"/stream/max_message_bytes",schemaPath:"#/$defs/StreamCaps/properties/max_message_bytes/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema48.properties.max_message_bytes,data:data11};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
}
}
}
else {
const err24 = {instancePath:instancePath+"/stream",schemaPath:"#/$defs/StreamCaps/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema48.type,parentSchema:schema48,data:data8};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
if(data.frames !== undefined){
let data12 = data.frames;
if(!((data12 === "observe") || (data12 === "block"))){
const err25 = {instancePath:instancePath+"/frames",schemaPath:"#/properties/frames/enum",keyword:"enum",params:{allowedValues: schema36.properties.frames.enum},message:"must be equal to one of the allowed values",schema:schema36.properties.frames.enum,parentSchema:schema36.properties.frames,data:data12};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
if(data.request !== undefined){
if(!(validate38(data.request, {instancePath:instancePath+"/request",parentData:data,parentDataProperty:"request",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate38.errors : vErrors.concat(validate38.errors);
errors = vErrors.length;
}
}
if(data.response !== undefined){
if(!(validate42(data.response, {instancePath:instancePath+"/response",parentData:data,parentDataProperty:"response",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate42.errors : vErrors.concat(validate42.errors);
errors = vErrors.length;
}
}
}
else {
const err26 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema36.type,parentSchema:schema36,data};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
validate23.errors = vErrors;
return errors === 0;
}
validate23.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};

const schema60 = {"type":"object","additionalProperties":false,"required":["id","per"],"properties":{"id":{"description":"Unique among rules and limits; named in receipts.","$ref":"#/$defs/Id"},"match":{"description":"Requests that are counted. Absent: all.","$ref":"#/$defs/Match"},"per":{"description":"What has a bucket of its own, within a tenant.","enum":["agent","team","project","environment"]},"rps":{"description":"Requests per second.","type":"integer","minimum":1,"maximum":100000},"rpm":{"description":"Requests per minute.","type":"integer","minimum":1,"maximum":6000000},"burst":{"description":"Requests that may come at once. Belongs to rps, or to rpm when there is no rps. Default: rps, or a tenth of rpm.","type":"integer","minimum":1,"maximum":1000000},"tokens":{"description":"Tokens of calls of models that may be spent in the window, input and output together. In place of rps and rpm.","type":"integer","minimum":1,"maximum":10000000000000},"usd_cents":{"description":"US cents that calls of models may cost in the window. In place of rps and rpm.","type":"integer","minimum":1,"maximum":1000000000},"window":{"description":"Of tokens or usd_cents: over which time.","$ref":"#/$defs/Window"},"unknown_price":{"description":"Of tokens or usd_cents: what becomes of a call that nobody can count or price. deny refuses it; alert lets it pass, counts nothing before its answer and says so. Default deny.","enum":["deny","alert"]},"default_output_tokens":{"description":"Of tokens or usd_cents: what is reserved for the output of a call that sets no end to it. Default 4096.","type":"integer","minimum":1,"maximum":10000000},"mode":{"description":"Beyond the limit: hard_stop refuses with 429; throttle holds requests back for the next free slot; soft_stop lets runs that began before go on for a while, up to 110 %; alert_only passes and records. Default hard_stop.","enum":["hard_stop","throttle","soft_stop","alert_only"]},"max_delay_ms":{"description":"throttle only: the longest wait for a slot; a request that would wait longer is refused with 429. Default 1000.","type":"integer","minimum":1,"maximum":5000},"grace_minutes":{"description":"soft_stop only: how long after the limit was used up a run may go on. Default 5.","type":"integer","minimum":1,"maximum":1440},"grace_calls":{"description":"soft_stop only: how many calls a run may make beyond the limit. Default 20.","type":"integer","minimum":1,"maximum":100000},"near_limit":{"description":"Percentage of the limit at which receipts, a metric and the log say that it is nearly used up. Default 80.","type":"integer","minimum":1,"maximum":99}}};
const schema62 = {"type":"object","additionalProperties":false,"properties":{"sliding":{"description":"The last minutes, hours or days before each request, such as 30m, 1h or 7d; at most 366d.","type":"string","x-allowed":"a whole number and m, h or d, such as 30m, 1h or 7d","pattern":"^[1-9][0-9]{0,5}[mhd]$"},"fixed":{"description":"Minutes, hours or days one after the other from the anchor on, such as 1h or 30d; at most 366d.","type":"string","x-allowed":"a whole number and m, h or d, such as 1h or 30d","pattern":"^[1-9][0-9]{0,5}[mhd]$"},"anchor":{"description":"fixed only: the day on which a window begins, at midnight UTC, such as 2026-01-01.","x-allowed":"a day such as 2026-01-01","type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},"tz":{"description":"Days begin at midnight UTC, and nothing else can be said.","enum":["UTC"]}}};
const pattern25 = new RegExp("^[1-9][0-9]{0,5}[mhd]$", "u");
const pattern27 = new RegExp("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "u");

function validate47(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate47.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.id === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "id"},message:"must have required property '"+"id"+"'",schema:schema60.required,parentSchema:schema60,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.per === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "per"},message:"must have required property '"+"per"+"'",schema:schema60.required,parentSchema:schema60,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
for(const key0 in data){
if(!(func1.call(schema60.properties, key0))){
const err2 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema60,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.id !== undefined){
let data0 = data.id;
if(typeof data0 === "string"){
if(!pattern4.test(data0)){
const err3 = {instancePath:instancePath+"/id",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/id",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.match !== undefined){
if(!(validate24(data.match, {instancePath:instancePath+"/match",parentData:data,parentDataProperty:"match",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate24.errors : vErrors.concat(validate24.errors);
errors = vErrors.length;
}
}
if(data.per !== undefined){
let data2 = data.per;
if(!((((data2 === "agent") || (data2 === "team")) || (data2 === "project")) || (data2 === "environment"))){
const err5 = {instancePath:instancePath+"/per",schemaPath:"#/properties/per/enum",keyword:"enum",params:{allowedValues: schema60.properties.per.enum},message:"must be equal to one of the allowed values",schema:schema60.properties.per.enum,parentSchema:schema60.properties.per,data:data2};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.rps !== undefined){
let data3 = data.rps;
if(!(((typeof data3 == "number") && (!(data3 % 1) && !isNaN(data3))) && (isFinite(data3)))){
const err6 = {instancePath:instancePath+"/rps",schemaPath:"#/properties/rps/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema60.properties.rps.type,parentSchema:schema60.properties.rps,data:data3};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
if((typeof data3 == "number") && (isFinite(data3))){
if(data3 > 100000 || isNaN(data3)){
const err7 = {instancePath:instancePath+"/rps",schemaPath:"#/properties/rps/maximum",keyword:"maximum",params:{comparison: "<=", limit: 100000},message:"must be <= 100000",schema:100000,parentSchema:schema60.properties.rps,data:data3};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
if(data3 < 1 || isNaN(data3)){
const err8 = {instancePath:instancePath+"/rps",schemaPath:"#/properties/rps/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema60.properties.rps,data:data3};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
}
if(data.rpm !== undefined){
let data4 = data.rpm;
if(!(((typeof data4 == "number") && (!(data4 % 1) && !isNaN(data4))) && (isFinite(data4)))){
const err9 = {instancePath:instancePath+"/rpm",schemaPath:"#/properties/rpm/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema60.properties.rpm.type,parentSchema:schema60.properties.rpm,data:data4};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
if((typeof data4 == "number") && (isFinite(data4))){
if(data4 > 6000000 || isNaN(data4)){
const err10 = {instancePath:instancePath+"/rpm",schemaPath:"#/properties/rpm/maximum",keyword:"maximum",params:{comparison: "<=", limit: 6000000},message:"must be <= 6000000",schema:6000000,parentSchema:schema60.properties.rpm,data:data4};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
if(data4 < 1 || isNaN(data4)){
const err11 = {instancePath:instancePath+"/rpm",schemaPath:"#/properties/rpm/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema60.properties.rpm,data:data4};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
}
if(data.burst !== undefined){
let data5 = data.burst;
if(!(((typeof data5 == "number") && (!(data5 % 1) && !isNaN(data5))) && (isFinite(data5)))){
const err12 = {instancePath:instancePath+"/burst",schemaPath:"#/properties/burst/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema60.properties.burst.type,parentSchema:schema60.properties.burst,data:data5};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
if((typeof data5 == "number") && (isFinite(data5))){
if(data5 > 1000000 || isNaN(data5)){
const err13 = {instancePath:instancePath+"/burst",schemaPath:"#/properties/burst/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000000},message:"must be <= 1000000",schema:1000000,parentSchema:schema60.properties.burst,data:data5};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
if(data5 < 1 || isNaN(data5)){
const err14 = {instancePath:instancePath+"/burst",schemaPath:"#/properties/burst/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema60.properties.burst,data:data5};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
}
if(data.tokens !== undefined){
let data6 = data.tokens;
if(!(((typeof data6 == "number") && (!(data6 % 1) && !isNaN(data6))) && (isFinite(data6)))){
const err15 = {instancePath:instancePath+"/tokens",schemaPath:"#/properties/tokens/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema60.properties.tokens.type,parentSchema:schema60.properties.tokens,data:data6};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
if((typeof data6 == "number") && (isFinite(data6))){
if(data6 > 10000000000000 || isNaN(data6)){
const err16 = {instancePath:instancePath+"/tokens",schemaPath:"#/properties/tokens/maximum",keyword:"maximum",params:{comparison: "<=", limit: 10000000000000},message:"must be <= 10000000000000",schema:10000000000000,parentSchema:schema60.properties.tokens,data:data6};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
if(data6 < 1 || isNaN(data6)){
const err17 = {instancePath:instancePath+"/tokens",schemaPath:"#/properties/tokens/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema60.properties.tokens,data:data6};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
}
if(data.usd_cents !== undefined){
let data7 = data.usd_cents;
if(!(((typeof data7 == "number") && (!(data7 % 1) && !isNaN(data7))) && (isFinite(data7)))){
const err18 = {instancePath:instancePath+"/usd_cents",schemaPath:"#/properties/usd_cents/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema60.properties.usd_cents.type,parentSchema:schema60.properties.usd_cents,data:data7};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
if((typeof data7 == "number") && (isFinite(data7))){
if(data7 > 1000000000 || isNaN(data7)){
const err19 = {instancePath:instancePath+"/usd_cents",schemaPath:"#/properties/usd_cents/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000000000},message:"must be <= 1000000000",schema:1000000000,parentSchema:schema60.properties.usd_cents,data:data7};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
if(data7 < 1 || isNaN(data7)){
const err20 = {instancePath:instancePath+"/usd_cents",schemaPath:"#/properties/usd_cents/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema60.properties.usd_cents,data:data7};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
}
}
if(data.window !== undefined){
let data8 = data.window;
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
for(const key1 in data8){
if(!((((key1 === "sliding") || (key1 === "fixed")) || (key1 === "anchor")) || (key1 === "tz"))){
const err21 = {instancePath:instancePath+"/window",schemaPath:"#/$defs/Window/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties",schema:false,parentSchema:schema62,data:data8};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
}
if(data8.sliding !== undefined){
let data9 = data8.sliding;
if(typeof data9 === "string"){
if(!pattern25.test(data9)){
const err22 = {instancePath:instancePath+"/window/sliding",schemaPath:"#/$defs/Window/properties/sliding/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,5}[mhd]$"},message:"must match pattern \""+"^[1-9][0-9]{0,5}[mhd]$"+"\"",schema:"^[1-9][0-9]{0,5}[mhd]$",parentSchema:schema62.properties.sliding,data:data9};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
}
else {
const err23 = {instancePath:instancePath+"/window/sliding",schemaPath:"#/$defs/Window/properties/sliding/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema62.properties.sliding.type,parentSchema:schema62.properties.sliding,data:data9};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
}
if(data8.fixed !== undefined){
let data10 = data8.fixed;
if(typeof data10 === "string"){
if(!pattern25.test(data10)){
const err24 = {instancePath:instancePath+"/window/fixed",schemaPath:"#/$defs/Window/properties/fixed/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,5}[mhd]$"},message:"must match pattern \""+"^[1-9][0-9]{0,5}[mhd]$"+"\"",schema:"^[1-9][0-9]{0,5}[mhd]$",parentSchema:schema62.properties.fixed,data:data10};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
else {
const err25 = {instancePath:instancePath+"/window/fixed",schemaPath:"#/$defs/Window/properties/fixed/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema62.properties.fixed.type,parentSchema:schema62.properties.fixed,data:data10};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
if(data8.anchor !== undefined){
let data11 = data8.anchor;
if(typeof data11 === "string"){
if(!pattern27.test(data11)){
const err26 = {instancePath:instancePath+"/window/anchor",schemaPath:"#/$defs/Window/properties/anchor/pattern",keyword:"pattern",params:{pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},message:"must match pattern \""+"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"+"\"",schema:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",parentSchema:schema62.properties.anchor,data:data11};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
}
else {
const err27 = {instancePath:instancePath+"/window/anchor",schemaPath:"#/$defs/Window/properties/anchor/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema62.properties.anchor.type,parentSchema:schema62.properties.anchor,data:data11};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
}
if(data8.tz !== undefined){
let data12 = data8.tz;
if(!(data12 === "UTC")){
const err28 = {instancePath:instancePath+"/window/tz",schemaPath:"#/$defs/Window/properties/tz/enum",keyword:"enum",params:{allowedValues: schema62.properties.tz.enum},message:"must be equal to one of the allowed values",schema:schema62.properties.tz.enum,parentSchema:schema62.properties.tz,data:data12};
if(vErrors === null){
vErrors = [err28];
}
else {
vErrors.push(err28);
}
errors++;
}
}
}
else {
const err29 = {instancePath:instancePath+"/window",schemaPath:"#/$defs/Window/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema62.type,parentSchema:schema62,data:data8};
if(vErrors === null){
vErrors = [err29];
}
else {
vErrors.push(err29);
}
errors++;
}
}
if(data.unknown_price !== undefined){
let data13 = data.unknown_price;
if(!((data13 === "deny") || (data13 === "alert"))){
const err30 = {instancePath:instancePath+"/unknown_price",schemaPath:"#/properties/unknown_price/enum",keyword:"enum",params:{allowedValues: schema60.properties.unknown_price.enum},message:"must be equal to one of the allowed values",schema:schema60.properties.unknown_price.enum,parentSchema:schema60.properties.unknown_price,data:data13};
if(vErrors === null){
vErrors = [err30];
}
else {
vErrors.push(err30);
}
errors++;
}
}
if(data.default_output_tokens !== undefined){
let data14 = data.default_output_tokens;
if(!(((typeof data14 == "number") && (!(data14 % 1) && !isNaN(data14))) && (isFinite(data14)))){
const err31 = {instancePath:instancePath+"/default_output_tokens",schemaPath:"#/properties/default_output_tokens/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema60.properties.default_output_tokens.type,parentSchema:schema60.properties.default_output_tokens,data:data14};
if(vErrors === null){
vErrors = [err31];
}
else {
vErrors.push(err31);
}
errors++;
}
if((typeof data14 == "number") && (isFinite(data14))){
if(data14 > 10000000 || isNaN(data14)){
const err32 = {instancePath:instancePath+"/default_output_tokens",schemaPath:"#/properties/default_output_tokens/maximum",keyword:"maximum",params:{comparison: "<=", limit: 10000000},message:"must be <= 10000000",schema:10000000,parentSchema:schema60.properties.default_output_tokens,data:data14};
if(vErrors === null){
vErrors = [err32];
}
else {
vErrors.push(err32);
}
errors++;
}
if(data14 < 1 || isNaN(data14)){
const err33 = {instancePath:instancePath+"/default_output_tokens",schemaPath:"#/properties/default_output_tokens/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema60.properties.default_output_tokens,data:data14};
if(vErrors === null){
vErrors = [err33];
}
else {
vErrors.push(err33);
}
errors++;
}
}
}
if(data.mode !== undefined){
let data15 = data.mode;
if(!((((data15 === "hard_stop") || (data15 === "throttle")) || (data15 === "soft_stop")) || (data15 === "alert_only"))){
const err34 = {instancePath:instancePath+"/mode",schemaPath:"#/properties/mode/enum",keyword:"enum",params:{allowedValues: schema60.properties.mode.enum},message:"must be equal to one of the allowed values",schema:schema60.properties.mode.enum,parentSchema:schema60.properties.mode,data:data15};
if(vErrors === null){
vErrors = [err34];
}
else {
vErrors.push(err34);
}
errors++;
}
}
if(data.max_delay_ms !== undefined){
let data16 = data.max_delay_ms;
if(!(((typeof data16 == "number") && (!(data16 % 1) && !isNaN(data16))) && (isFinite(data16)))){
const err35 = {instancePath:instancePath+"/max_delay_ms",schemaPath:"#/properties/max_delay_ms/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema60.properties.max_delay_ms.type,parentSchema:schema60.properties.max_delay_ms,data:data16};
if(vErrors === null){
vErrors = [err35];
}
else {
vErrors.push(err35);
}
errors++;
}
if((typeof data16 == "number") && (isFinite(data16))){
if(data16 > 5000 || isNaN(data16)){
const err36 = {instancePath:instancePath+"/max_delay_ms",schemaPath:"#/properties/max_delay_ms/maximum",keyword:"maximum",params:{comparison: "<=", limit: 5000},message:"must be <= 5000",schema:5000,parentSchema:schema60.properties.max_delay_ms,data:data16};
if(vErrors === null){
vErrors = [err36];
}
else {
vErrors.push(err36);
}
errors++;
}
if(data16 < 1 || isNaN(data16)){
const err37 = {instancePath:instancePath+"/max_delay_ms",schemaPath:"#/properties/max_delay_ms/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema60.properties.max_delay_ms,data:data16};
if(vErrors === null){
vErrors = [err37];
}
else {
vErrors.push(err37);
}
errors++;
}
}
}
if(data.grace_minutes !== undefined){
let data17 = data.grace_minutes;
if(!(((typeof data17 == "number") && (!(data17 % 1) && !isNaN(data17))) && (isFinite(data17)))){
const err38 = {instancePath:instancePath+"/grace_minutes",schemaPath:"#/properties/grace_minutes/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema60.properties.grace_minutes.type,parentSchema:schema60.properties.grace_minutes,data:data17};
if(vErrors === null){
vErrors = [err38];
}
else {
vErrors.push(err38);
}
errors++;
}
if((typeof data17 == "number") && (isFinite(data17))){
if(data17 > 1440 || isNaN(data17)){
const err39 = {instancePath:instancePath+"/grace_minutes",schemaPath:"#/properties/grace_minutes/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1440},message:"must be <= 1440",schema:1440,parentSchema:schema60.properties.grace_minutes,data:data17};
if(vErrors === null){
vErrors = [err39];
}
else {
vErrors.push(err39);
}
errors++;
}
if(data17 < 1 || isNaN(data17)){
const err40 = {instancePath:instancePath+"/grace_minutes",schemaPath:"#/properties/grace_minutes/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema60.properties.grace_minutes,data:data17};
if(vErrors === null){
vErrors = [err40];
}
else {
vErrors.push(err40);
}
errors++;
}
}
}
if(data.grace_calls !== undefined){
let data18 = data.grace_calls;
if(!(((typeof data18 == "number") && (!(data18 % 1) && !isNaN(data18))) && (isFinite(data18)))){
const err41 = {instancePath:instancePath+"/grace_calls",schemaPath:"#/properties/grace_calls/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema60.properties.grace_calls.type,parentSchema:schema60.properties.grace_calls,data:data18};
if(vErrors === null){
vErrors = [err41];
}
else {
vErrors.push(err41);
}
errors++;
}
if((typeof data18 == "number") && (isFinite(data18))){
if(data18 > 100000 || isNaN(data18)){
const err42 = {instancePath:instancePath+"/grace_calls",schemaPath:"#/properties/grace_calls/maximum",keyword:"maximum",params:{comparison: "<=", limit: 100000},message:"must be <= 100000",schema:100000,parentSchema:schema60.properties.grace_calls,data:data18};
if(vErrors === null){
vErrors = [err42];
}
else {
vErrors.push(err42);
}
errors++;
}
if(data18 < 1 || isNaN(data18)){
const err43 = {instancePath:instancePath+"/grace_calls",schemaPath:"#/properties/grace_calls/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema60.properties.grace_calls,data:data18};
if(vErrors === null){
vErrors = [err43];
}
else {
vErrors.push(err43);
}
errors++;
}
}
}
if(data.near_limit !== undefined){
let data19 = data.near_limit;
if(!(((typeof data19 == "number") && (!(data19 % 1) && !isNaN(data19))) && (isFinite(data19)))){
const err44 = {instancePath:instancePath+"/near_limit",schemaPath:"#/properties/near_limit/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema60.properties.near_limit.type,parentSchema:schema60.properties.near_limit,data:data19};
if(vErrors === null){
vErrors = [err44];
}
else {
vErrors.push(err44);
}
errors++;
}
if((typeof data19 == "number") && (isFinite(data19))){
if(data19 > 99 || isNaN(data19)){
const err45 = {instancePath:instancePath+"/near_limit",schemaPath:"#/properties/near_limit/maximum",keyword:"maximum",params:{comparison: "<=", limit: 99},message:"must be <= 99",schema:99,parentSchema:schema60.properties.near_limit,data:data19};
if(vErrors === null){
vErrors = [err45];
}
else {
vErrors.push(err45);
}
errors++;
}
if(data19 < 1 || isNaN(data19)){
const err46 = {instancePath:instancePath+"/near_limit",schemaPath:"#/properties/near_limit/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema60.properties.near_limit,data:data19};
if(vErrors === null){
vErrors = [err46];
}
else {
vErrors.push(err46);
}
errors++;
}
}
}
}
else {
const err47 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema60.type,parentSchema:schema60,data};
if(vErrors === null){
vErrors = [err47];
}
else {
vErrors.push(err47);
}
errors++;
}
validate47.errors = vErrors;
return errors === 0;
}
validate47.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};

const schema63 = {"type":"object","additionalProperties":false,"required":["id","to","match","reason","expires"],"properties":{"id":{"description":"Unique among the exceptions of the document.","$ref":"#/$defs/Id"},"to":{"description":"The deny rule of a parent: document/rule.","$ref":"#/$defs/InheritedRule"},"match":{"description":"What the deny rule no longer applies to. All predicates must surely hold, as in an allow rule.","$ref":"#/$defs/Match"},"reason":{"description":"Why, for whoever reads the policy.","type":"string","pattern":"^[ -~]{1,200}$","x-allowed":"1 to 200 printable ASCII characters"},"expires":{"description":"From this moment on the deny rule applies again.","type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$","x-allowed":"a moment in UTC such as 2026-12-31T00:00:00Z"}}};
const schema65 = {"type":"string","pattern":"^[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}$","x-allowed":"document/rule"};
const pattern29 = new RegExp("^[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}$", "u");
const pattern30 = new RegExp("^[ -~]{1,200}$", "u");
const pattern31 = new RegExp("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", "u");

function validate50(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate50.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.id === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "id"},message:"must have required property '"+"id"+"'",schema:schema63.required,parentSchema:schema63,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.to === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "to"},message:"must have required property '"+"to"+"'",schema:schema63.required,parentSchema:schema63,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
if(data.match === undefined){
const err2 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "match"},message:"must have required property '"+"match"+"'",schema:schema63.required,parentSchema:schema63,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if(data.reason === undefined){
const err3 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "reason"},message:"must have required property '"+"reason"+"'",schema:schema63.required,parentSchema:schema63,data};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
if(data.expires === undefined){
const err4 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "expires"},message:"must have required property '"+"expires"+"'",schema:schema63.required,parentSchema:schema63,data};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
for(const key0 in data){
if(!(((((key0 === "id") || (key0 === "to")) || (key0 === "match")) || (key0 === "reason")) || (key0 === "expires"))){
const err5 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema63,data};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.id !== undefined){
let data0 = data.id;
if(typeof data0 === "string"){
if(!pattern4.test(data0)){
const err6 = {instancePath:instancePath+"/id",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data0};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
else {
const err7 = {instancePath:instancePath+"/id",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data0};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
if(data.to !== undefined){
let data1 = data.to;
if(typeof data1 === "string"){
if(!pattern29.test(data1)){
const err8 = {instancePath:instancePath+"/to",schemaPath:"#/$defs/InheritedRule/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}$",parentSchema:schema65,data:data1};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
else {
const err9 = {instancePath:instancePath+"/to",schemaPath:"#/$defs/InheritedRule/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema65.type,parentSchema:schema65,data:data1};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
if(data.match !== undefined){
if(!(validate24(data.match, {instancePath:instancePath+"/match",parentData:data,parentDataProperty:"match",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate24.errors : vErrors.concat(validate24.errors);
errors = vErrors.length;
}
}
if(data.reason !== undefined){
let data3 = data.reason;
if(typeof data3 === "string"){
if(!pattern30.test(data3)){
const err10 = {instancePath:instancePath+"/reason",schemaPath:"#/properties/reason/pattern",keyword:"pattern",params:{pattern: "^[ -~]{1,200}$"},message:"must match pattern \""+"^[ -~]{1,200}$"+"\"",schema:"^[ -~]{1,200}$",parentSchema:schema63.properties.reason,data:data3};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
else {
const err11 = {instancePath:instancePath+"/reason",schemaPath:"#/properties/reason/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema63.properties.reason.type,parentSchema:schema63.properties.reason,data:data3};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
if(data.expires !== undefined){
let data4 = data.expires;
if(typeof data4 === "string"){
if(!pattern31.test(data4)){
const err12 = {instancePath:instancePath+"/expires",schemaPath:"#/properties/expires/pattern",keyword:"pattern",params:{pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"},message:"must match pattern \""+"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"+"\"",schema:"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",parentSchema:schema63.properties.expires,data:data4};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
else {
const err13 = {instancePath:instancePath+"/expires",schemaPath:"#/properties/expires/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema63.properties.expires.type,parentSchema:schema63.properties.expires,data:data4};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
}
else {
const err14 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema63.type,parentSchema:schema63,data};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
validate50.errors = vErrors;
return errors === 0;
}
validate50.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};

const schema66 = {"type":"object","additionalProperties":false,"required":["name","request","expect"],"properties":{"name":{"description":"What the test shows; unique.","type":"string","pattern":"^[ -~]{1,200}$","x-allowed":"1 to 200 printable ASCII characters"},"request":{"$ref":"#/$defs/TestRequest"},"expect":{"$ref":"#/$defs/TestExpectation"}}};
const schema67 = {"type":"object","additionalProperties":false,"properties":{"agent":{"description":"Who asks. tenant_id is default unless given; other absent ids are unset.","$ref":"#/$defs/TestAgent"},"method":{"description":"Default GET.","type":"string","pattern":"^[A-Z][A-Z0-9_-]{0,31}$","x-allowed":"an upper-case HTTP method such as GET or POST"},"url":{"description":"http:// or https:// URL, taken byte for byte.","type":"string","pattern":"^[!-~]{1,8192}$","x-allowed":"a URL such as https://api.example.com/v1/items"},"connect":{"description":"host:port of a CONNECT, instead of url.","type":"string","pattern":"^[!-~]{1,300}$","x-allowed":"an authority such as api.example.com:443"},"protocol":{"description":"Beside url: a WebSocket handshake, or a gRPC call (its method is POST). Absent: a plain request.","enum":["websocket","grpc"]},"transparent":{"description":"ip:port that a transparent connection was made to, IPv6 in brackets. Beside connect: TLS if that names a host, other bytes if it is an address.","type":"string","pattern":"^(\\[[0-9a-f:.]{2,45}\\]|[0-9.]{7,15}):[1-9][0-9]{0,4}$","x-allowed":"an address with a port such as 203.0.113.7:443 or [2001:db8::7]:443"},"headers":{"description":"Names of headers that the request carries (override headers matter).","type":"array","minItems":1,"maxItems":64,"uniqueItems":true,"items":{"type":"string","pattern":"^[a-z0-9-]{1,64}$","x-allowed":"a lower-case header name"}},"body":{"description":"Beside url: what was found in the body. Absent: nobody has looked.","$ref":"#/$defs/TestBody"}}};
const schema68 = {"type":"object","additionalProperties":false,"properties":{"agent_id":{"$ref":"#/$defs/Id"},"team_id":{"$ref":"#/$defs/Id"},"project_id":{"$ref":"#/$defs/Id"},"environment":{"$ref":"#/$defs/Id"},"tenant_id":{"$ref":"#/$defs/Id"},"auth_type":{"description":"Default api_key.","enum":["api_key","jwt","mtls","source"]}}};

function validate55(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate55.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(!((((((key0 === "agent_id") || (key0 === "team_id")) || (key0 === "project_id")) || (key0 === "environment")) || (key0 === "tenant_id")) || (key0 === "auth_type"))){
const err0 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema68,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
if(data.agent_id !== undefined){
let data0 = data.agent_id;
if(typeof data0 === "string"){
if(!pattern4.test(data0)){
const err1 = {instancePath:instancePath+"/agent_id",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data0};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
else {
const err2 = {instancePath:instancePath+"/agent_id",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.team_id !== undefined){
let data1 = data.team_id;
if(typeof data1 === "string"){
if(!pattern4.test(data1)){
const err3 = {instancePath:instancePath+"/team_id",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data1};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/team_id",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.project_id !== undefined){
let data2 = data.project_id;
if(typeof data2 === "string"){
if(!pattern4.test(data2)){
const err5 = {instancePath:instancePath+"/project_id",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data2};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
else {
const err6 = {instancePath:instancePath+"/project_id",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data2};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.environment !== undefined){
let data3 = data.environment;
if(typeof data3 === "string"){
if(!pattern4.test(data3)){
const err7 = {instancePath:instancePath+"/environment",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data3};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
else {
const err8 = {instancePath:instancePath+"/environment",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data3};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data.tenant_id !== undefined){
let data4 = data.tenant_id;
if(typeof data4 === "string"){
if(!pattern4.test(data4)){
const err9 = {instancePath:instancePath+"/tenant_id",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data4};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
else {
const err10 = {instancePath:instancePath+"/tenant_id",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data4};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
if(data.auth_type !== undefined){
let data5 = data.auth_type;
if(!((((data5 === "api_key") || (data5 === "jwt")) || (data5 === "mtls")) || (data5 === "source"))){
const err11 = {instancePath:instancePath+"/auth_type",schemaPath:"#/properties/auth_type/enum",keyword:"enum",params:{allowedValues: schema68.properties.auth_type.enum},message:"must be equal to one of the allowed values",schema:schema68.properties.auth_type.enum,parentSchema:schema68.properties.auth_type,data:data5};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
}
else {
const err12 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema68.type,parentSchema:schema68,data};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
validate55.errors = vErrors;
return errors === 0;
}
validate55.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};

const schema74 = {"type":"object","additionalProperties":false,"properties":{"format":{"description":"Default json.","enum":["none","json","json_lines","other"]},"bytes":{"description":"Default 1.","type":"integer","minimum":0,"maximum":1073741824},"problem":{"description":"Why the body cannot be read, as receipts say it.","type":"string","pattern":"^[A-Z][A-Z_]{0,63}$","x-allowed":"a code such as BODY_TOO_LARGE or JSON_SYNTAX"},"valid":{"description":"Ids of schemas of this document that the body fits. It fits no other.","$ref":"#/$defs/IdList"},"repaired":{"description":"What was mended.","type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","enum":["code_fence","bom","trailing_comma","comment","single_quotes","unquoted_key"]}},"ai":{"description":"What the call is. Absent: no traffic of AI.","$ref":"#/$defs/TestAi"}}};
const pattern43 = new RegExp("^[A-Z][A-Z_]{0,63}$", "u");
const schema75 = {"type":"object","additionalProperties":false,"required":["kind"],"properties":{"kind":{"description":"unknown: traffic of AI that cannot be read for certain.","enum":["llm","mcp","a2a","unknown"]},"provider":{"description":"Default other, of llm.","enum":["openai","azure_openai","anthropic","gemini","vertex","ollama","xai","deepseek","mistral","groq","moonshot","openrouter","other"]},"endpoint":{"description":"Default chat, of llm.","enum":["chat","completions","responses","embeddings","messages","count_tokens","generate"]},"model":{"description":"Its name.","type":"string","pattern":"^[!-~]{1,120}$","x-allowed":"the name of a model, 1 to 120 printable ASCII characters"},"tools":{"description":"Names of declared tools.","$ref":"#/$defs/ToolNames"},"method":{"description":"Of mcp and a2a.","type":"string","pattern":"^[!-~]{1,120}$","x-allowed":"the name of a method, 1 to 120 printable ASCII characters"},"target":{"description":"Tool, prompt or resource of mcp.","type":"string","pattern":"^[!-~]{1,120}$","x-allowed":"the name of a tool, a prompt or a resource, 1 to 120 printable ASCII characters"}}};

function validate59(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate59.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "kind"},message:"must have required property '"+"kind"+"'",schema:schema75.required,parentSchema:schema75,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!(((((((key0 === "kind") || (key0 === "provider")) || (key0 === "endpoint")) || (key0 === "model")) || (key0 === "tools")) || (key0 === "method")) || (key0 === "target"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema75,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.kind !== undefined){
let data0 = data.kind;
if(!((((data0 === "llm") || (data0 === "mcp")) || (data0 === "a2a")) || (data0 === "unknown"))){
const err2 = {instancePath:instancePath+"/kind",schemaPath:"#/properties/kind/enum",keyword:"enum",params:{allowedValues: schema75.properties.kind.enum},message:"must be equal to one of the allowed values",schema:schema75.properties.kind.enum,parentSchema:schema75.properties.kind,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.provider !== undefined){
let data1 = data.provider;
if(!(((((((((((((data1 === "openai") || (data1 === "azure_openai")) || (data1 === "anthropic")) || (data1 === "gemini")) || (data1 === "vertex")) || (data1 === "ollama")) || (data1 === "xai")) || (data1 === "deepseek")) || (data1 === "mistral")) || (data1 === "groq")) || (data1 === "moonshot")) || (data1 === "openrouter")) || (data1 === "other"))){
const err3 = {instancePath:instancePath+"/provider",schemaPath:"#/properties/provider/enum",keyword:"enum",params:{allowedValues: schema75.properties.provider.enum},message:"must be equal to one of the allowed values",schema:schema75.properties.provider.enum,parentSchema:schema75.properties.provider,data:data1};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
if(data.endpoint !== undefined){
let data2 = data.endpoint;
if(!(((((((data2 === "chat") || (data2 === "completions")) || (data2 === "responses")) || (data2 === "embeddings")) || (data2 === "messages")) || (data2 === "count_tokens")) || (data2 === "generate"))){
const err4 = {instancePath:instancePath+"/endpoint",schemaPath:"#/properties/endpoint/enum",keyword:"enum",params:{allowedValues: schema75.properties.endpoint.enum},message:"must be equal to one of the allowed values",schema:schema75.properties.endpoint.enum,parentSchema:schema75.properties.endpoint,data:data2};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.model !== undefined){
let data3 = data.model;
if(typeof data3 === "string"){
if(!pattern15.test(data3)){
const err5 = {instancePath:instancePath+"/model",schemaPath:"#/properties/model/pattern",keyword:"pattern",params:{pattern: "^[!-~]{1,120}$"},message:"must match pattern \""+"^[!-~]{1,120}$"+"\"",schema:"^[!-~]{1,120}$",parentSchema:schema75.properties.model,data:data3};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
else {
const err6 = {instancePath:instancePath+"/model",schemaPath:"#/properties/model/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema75.properties.model.type,parentSchema:schema75.properties.model,data:data3};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.tools !== undefined){
let data4 = data.tools;
if(Array.isArray(data4)){
if(data4.length > 32){
const err7 = {instancePath:instancePath+"/tools",schemaPath:"#/$defs/ToolNames/maxItems",keyword:"maxItems",params:{limit: 32},message:"must NOT have more than 32 items",schema:32,parentSchema:schema46,data:data4};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
const len0 = data4.length;
for(let i0=0; i0<len0; i0++){
let data5 = data4[i0];
if(typeof data5 === "string"){
if(!pattern13.test(data5)){
const err8 = {instancePath:instancePath+"/tools/" + i0,schemaPath:"#/$defs/ToolNames/items/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9_.:/-]{1,64}$"},message:"must match pattern \""+"^[A-Za-z0-9_.:/-]{1,64}$"+"\"",schema:"^[A-Za-z0-9_.:/-]{1,64}$",parentSchema:schema46.items,data:data5};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
else {
const err9 = {instancePath:instancePath+"/tools/" + i0,schemaPath:"#/$defs/ToolNames/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema46.items.type,parentSchema:schema46.items,data:data5};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
let i1 = data4.length;
let j0;
if(i1 > 1){
const indices0 = {};
for(;i1--;){
let item0 = data4[i1];
if(typeof item0 !== "string"){
continue;
}
if(typeof indices0[item0] == "number"){
j0 = indices0[item0];
const err10 = {instancePath:instancePath+"/tools",schemaPath:"#/$defs/ToolNames/uniqueItems",keyword:"uniqueItems",params:{i: i1, j: j0},message:"must NOT have duplicate items (items ## "+j0+" and "+i1+" are identical)",schema:true,parentSchema:schema46,data:data4};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
break;
}
indices0[item0] = i1;
}
}
}
else {
const err11 = {instancePath:instancePath+"/tools",schemaPath:"#/$defs/ToolNames/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema46.type,parentSchema:schema46,data:data4};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
if(data.method !== undefined){
let data6 = data.method;
if(typeof data6 === "string"){
if(!pattern15.test(data6)){
const err12 = {instancePath:instancePath+"/method",schemaPath:"#/properties/method/pattern",keyword:"pattern",params:{pattern: "^[!-~]{1,120}$"},message:"must match pattern \""+"^[!-~]{1,120}$"+"\"",schema:"^[!-~]{1,120}$",parentSchema:schema75.properties.method,data:data6};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
else {
const err13 = {instancePath:instancePath+"/method",schemaPath:"#/properties/method/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema75.properties.method.type,parentSchema:schema75.properties.method,data:data6};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
if(data.target !== undefined){
let data7 = data.target;
if(typeof data7 === "string"){
if(!pattern15.test(data7)){
const err14 = {instancePath:instancePath+"/target",schemaPath:"#/properties/target/pattern",keyword:"pattern",params:{pattern: "^[!-~]{1,120}$"},message:"must match pattern \""+"^[!-~]{1,120}$"+"\"",schema:"^[!-~]{1,120}$",parentSchema:schema75.properties.target,data:data7};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
else {
const err15 = {instancePath:instancePath+"/target",schemaPath:"#/properties/target/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema75.properties.target.type,parentSchema:schema75.properties.target,data:data7};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
}
else {
const err16 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema75.type,parentSchema:schema75,data};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
validate59.errors = vErrors;
return errors === 0;
}
validate59.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};


function validate57(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate57.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(!((((((key0 === "format") || (key0 === "bytes")) || (key0 === "problem")) || (key0 === "valid")) || (key0 === "repaired")) || (key0 === "ai"))){
const err0 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema74,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
if(data.format !== undefined){
let data0 = data.format;
if(!((((data0 === "none") || (data0 === "json")) || (data0 === "json_lines")) || (data0 === "other"))){
const err1 = {instancePath:instancePath+"/format",schemaPath:"#/properties/format/enum",keyword:"enum",params:{allowedValues: schema74.properties.format.enum},message:"must be equal to one of the allowed values",schema:schema74.properties.format.enum,parentSchema:schema74.properties.format,data:data0};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.bytes !== undefined){
let data1 = data.bytes;
if(!(((typeof data1 == "number") && (!(data1 % 1) && !isNaN(data1))) && (isFinite(data1)))){
const err2 = {instancePath:instancePath+"/bytes",schemaPath:"#/properties/bytes/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema74.properties.bytes.type,parentSchema:schema74.properties.bytes,data:data1};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if((typeof data1 == "number") && (isFinite(data1))){
if(data1 > 1073741824 || isNaN(data1)){
const err3 = {instancePath:instancePath+"/bytes",schemaPath:"#/properties/bytes/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1073741824},message:"must be <= 1073741824",schema:1073741824,parentSchema:schema74.properties.bytes,data:data1};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
if(data1 < 0 || isNaN(data1)){
const err4 = {instancePath:instancePath+"/bytes",schemaPath:"#/properties/bytes/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0",schema:0,parentSchema:schema74.properties.bytes,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
}
if(data.problem !== undefined){
let data2 = data.problem;
if(typeof data2 === "string"){
if(!pattern43.test(data2)){
const err5 = {instancePath:instancePath+"/problem",schemaPath:"#/properties/problem/pattern",keyword:"pattern",params:{pattern: "^[A-Z][A-Z_]{0,63}$"},message:"must match pattern \""+"^[A-Z][A-Z_]{0,63}$"+"\"",schema:"^[A-Z][A-Z_]{0,63}$",parentSchema:schema74.properties.problem,data:data2};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
else {
const err6 = {instancePath:instancePath+"/problem",schemaPath:"#/properties/problem/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema74.properties.problem.type,parentSchema:schema74.properties.problem,data:data2};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.valid !== undefined){
if(!(validate26(data.valid, {instancePath:instancePath+"/valid",parentData:data,parentDataProperty:"valid",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate26.errors : vErrors.concat(validate26.errors);
errors = vErrors.length;
}
}
if(data.repaired !== undefined){
let data4 = data.repaired;
if(Array.isArray(data4)){
if(data4.length < 1){
const err7 = {instancePath:instancePath+"/repaired",schemaPath:"#/properties/repaired/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema74.properties.repaired,data:data4};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
const len0 = data4.length;
for(let i0=0; i0<len0; i0++){
let data5 = data4[i0];
if(typeof data5 !== "string"){
const err8 = {instancePath:instancePath+"/repaired/" + i0,schemaPath:"#/properties/repaired/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema74.properties.repaired.items.type,parentSchema:schema74.properties.repaired.items,data:data5};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
if(!((((((data5 === "code_fence") || (data5 === "bom")) || (data5 === "trailing_comma")) || (data5 === "comment")) || (data5 === "single_quotes")) || (data5 === "unquoted_key"))){
const err9 = {instancePath:instancePath+"/repaired/" + i0,schemaPath:"#/properties/repaired/items/enum",keyword:"enum",params:{allowedValues: schema74.properties.repaired.items.enum},message:"must be equal to one of the allowed values",schema:schema74.properties.repaired.items.enum,parentSchema:schema74.properties.repaired.items,data:data5};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
let i1 = data4.length;
let j0;
if(i1 > 1){
const indices0 = {};
for(;i1--;){
let item0 = data4[i1];
if(typeof item0 !== "string"){
continue;
}
if(typeof indices0[item0] == "number"){
j0 = indices0[item0];
const err10 = {instancePath:instancePath+"/repaired",schemaPath:"#/properties/repaired/uniqueItems",keyword:"uniqueItems",params:{i: i1, j: j0},message:"must NOT have duplicate items (items ## "+j0+" and "+i1+" are identical)",schema:true,parentSchema:schema74.properties.repaired,data:data4};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
break;
}
indices0[item0] = i1;
}
}
}
else {
const err11 = {instancePath:instancePath+"/repaired",schemaPath:"#/properties/repaired/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema74.properties.repaired.type,parentSchema:schema74.properties.repaired,data:data4};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
if(data.ai !== undefined){
if(!(validate59(data.ai, {instancePath:instancePath+"/ai",parentData:data,parentDataProperty:"ai",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate59.errors : vErrors.concat(validate59.errors);
errors = vErrors.length;
}
}
}
else {
const err12 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema74.type,parentSchema:schema74,data};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
validate57.errors = vErrors;
return errors === 0;
}
validate57.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};

const pattern39 = new RegExp("^[!-~]{1,8192}$", "u");
const pattern40 = new RegExp("^[!-~]{1,300}$", "u");
const pattern41 = new RegExp("^(\\[[0-9a-f:.]{2,45}\\]|[0-9.]{7,15}):[1-9][0-9]{0,4}$", "u");
const pattern42 = new RegExp("^[a-z0-9-]{1,64}$", "u");

function validate54(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate54.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(!((((((((key0 === "agent") || (key0 === "method")) || (key0 === "url")) || (key0 === "connect")) || (key0 === "protocol")) || (key0 === "transparent")) || (key0 === "headers")) || (key0 === "body"))){
const err0 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema67,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
if(data.agent !== undefined){
if(!(validate55(data.agent, {instancePath:instancePath+"/agent",parentData:data,parentDataProperty:"agent",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate55.errors : vErrors.concat(validate55.errors);
errors = vErrors.length;
}
}
if(data.method !== undefined){
let data1 = data.method;
if(typeof data1 === "string"){
if(!pattern9.test(data1)){
const err1 = {instancePath:instancePath+"/method",schemaPath:"#/properties/method/pattern",keyword:"pattern",params:{pattern: "^[A-Z][A-Z0-9_-]{0,31}$"},message:"must match pattern \""+"^[A-Z][A-Z0-9_-]{0,31}$"+"\"",schema:"^[A-Z][A-Z0-9_-]{0,31}$",parentSchema:schema67.properties.method,data:data1};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
else {
const err2 = {instancePath:instancePath+"/method",schemaPath:"#/properties/method/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema67.properties.method.type,parentSchema:schema67.properties.method,data:data1};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.url !== undefined){
let data2 = data.url;
if(typeof data2 === "string"){
if(!pattern39.test(data2)){
const err3 = {instancePath:instancePath+"/url",schemaPath:"#/properties/url/pattern",keyword:"pattern",params:{pattern: "^[!-~]{1,8192}$"},message:"must match pattern \""+"^[!-~]{1,8192}$"+"\"",schema:"^[!-~]{1,8192}$",parentSchema:schema67.properties.url,data:data2};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/url",schemaPath:"#/properties/url/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema67.properties.url.type,parentSchema:schema67.properties.url,data:data2};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.connect !== undefined){
let data3 = data.connect;
if(typeof data3 === "string"){
if(!pattern40.test(data3)){
const err5 = {instancePath:instancePath+"/connect",schemaPath:"#/properties/connect/pattern",keyword:"pattern",params:{pattern: "^[!-~]{1,300}$"},message:"must match pattern \""+"^[!-~]{1,300}$"+"\"",schema:"^[!-~]{1,300}$",parentSchema:schema67.properties.connect,data:data3};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
else {
const err6 = {instancePath:instancePath+"/connect",schemaPath:"#/properties/connect/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema67.properties.connect.type,parentSchema:schema67.properties.connect,data:data3};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.protocol !== undefined){
let data4 = data.protocol;
if(!((data4 === "websocket") || (data4 === "grpc"))){
const err7 = {instancePath:instancePath+"/protocol",schemaPath:"#/properties/protocol/enum",keyword:"enum",params:{allowedValues: schema67.properties.protocol.enum},message:"must be equal to one of the allowed values",schema:schema67.properties.protocol.enum,parentSchema:schema67.properties.protocol,data:data4};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
if(data.transparent !== undefined){
let data5 = data.transparent;
if(typeof data5 === "string"){
if(!pattern41.test(data5)){
const err8 = {instancePath:instancePath+"/transparent",schemaPath:"#/properties/transparent/pattern",keyword:"pattern",params:{pattern: "^(\\[[0-9a-f:.]{2,45}\\]|[0-9.]{7,15}):[1-9][0-9]{0,4}$"},message:"must match pattern \""+"^(\\[[0-9a-f:.]{2,45}\\]|[0-9.]{7,15}):[1-9][0-9]{0,4}$"+"\"",schema:"^(\\[[0-9a-f:.]{2,45}\\]|[0-9.]{7,15}):[1-9][0-9]{0,4}$",parentSchema:schema67.properties.transparent,data:data5};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
else {
const err9 = {instancePath:instancePath+"/transparent",schemaPath:"#/properties/transparent/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema67.properties.transparent.type,parentSchema:schema67.properties.transparent,data:data5};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
if(data.headers !== undefined){
let data6 = data.headers;
if(Array.isArray(data6)){
if(data6.length > 64){
const err10 = {instancePath:instancePath+"/headers",schemaPath:"#/properties/headers/maxItems",keyword:"maxItems",params:{limit: 64},message:"must NOT have more than 64 items",schema:64,parentSchema:schema67.properties.headers,data:data6};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
if(data6.length < 1){
const err11 = {instancePath:instancePath+"/headers",schemaPath:"#/properties/headers/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema67.properties.headers,data:data6};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
const len0 = data6.length;
for(let i0=0; i0<len0; i0++){
let data7 = data6[i0];
if(typeof data7 === "string"){
if(!pattern42.test(data7)){
const err12 = {instancePath:instancePath+"/headers/" + i0,schemaPath:"#/properties/headers/items/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9-]{1,64}$"+"\"",schema:"^[a-z0-9-]{1,64}$",parentSchema:schema67.properties.headers.items,data:data7};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
else {
const err13 = {instancePath:instancePath+"/headers/" + i0,schemaPath:"#/properties/headers/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema67.properties.headers.items.type,parentSchema:schema67.properties.headers.items,data:data7};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
let i1 = data6.length;
let j0;
if(i1 > 1){
const indices0 = {};
for(;i1--;){
let item0 = data6[i1];
if(typeof item0 !== "string"){
continue;
}
if(typeof indices0[item0] == "number"){
j0 = indices0[item0];
const err14 = {instancePath:instancePath+"/headers",schemaPath:"#/properties/headers/uniqueItems",keyword:"uniqueItems",params:{i: i1, j: j0},message:"must NOT have duplicate items (items ## "+j0+" and "+i1+" are identical)",schema:true,parentSchema:schema67.properties.headers,data:data6};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
break;
}
indices0[item0] = i1;
}
}
}
else {
const err15 = {instancePath:instancePath+"/headers",schemaPath:"#/properties/headers/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema67.properties.headers.type,parentSchema:schema67.properties.headers,data:data6};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
if(data.body !== undefined){
if(!(validate57(data.body, {instancePath:instancePath+"/body",parentData:data,parentDataProperty:"body",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate57.errors : vErrors.concat(validate57.errors);
errors = vErrors.length;
}
}
}
else {
const err16 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema67.type,parentSchema:schema67,data};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
validate54.errors = vErrors;
return errors === 0;
}
validate54.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};

const schema77 = {"type":"object","additionalProperties":false,"required":["verdict"],"properties":{"verdict":{"enum":["allow","deny"]},"reason":{"description":"Reason code of the verdict.","enum":["POLICY_ALLOW","POLICY_DENY","POLICY_NO_MATCH","POLICY_CEILING","TUNNEL_OPAQUE","PATH_AMBIGUOUS","OVERRIDE_HEADER","UPGRADE_NOT_ALLOWED","AUTHORITY_INVALID","DESTINATION_SELF","HOST_NUMERIC","METHOD_INVALID","ORIGINAL_PORT_MISMATCH","PATH_INVALID","REQUEST_TOO_LARGE","UPGRADE_INVALID","BODY_NOT_COMPLETED","BODY_INVALID","BODY_TOO_LARGE","BODY_TYPE_REFUSED","SCHEMA_INVALID","AI_UNREADABLE","RECORD_TOO_LARGE"]},"rule":{"description":"The rule that the receipt names.","$ref":"#/$defs/RuleName"},"tunnel":{"description":"What the CONNECT opens: requests judged inside, TLS for this name, or any bytes.","enum":["intercept","passthrough","raw"]},"stream":{"description":"The caps of the allowed WebSocket or gRPC call, all of them.","$ref":"#/$defs/StreamCaps"},"frames":{"description":"What is done with the frames of the allowed WebSocket.","enum":["observe","block"]}}};
const schema78 = {"type":"string","pattern":"^[a-z0-9._-]{1,64}(/[a-z0-9._-]{1,64})?$","x-allowed":"a rule id, or document/rule for a rule of a parent"};
const pattern48 = new RegExp("^[a-z0-9._-]{1,64}(/[a-z0-9._-]{1,64})?$", "u");

function validate63(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate63.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.verdict === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "verdict"},message:"must have required property '"+"verdict"+"'",schema:schema77.required,parentSchema:schema77,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!((((((key0 === "verdict") || (key0 === "reason")) || (key0 === "rule")) || (key0 === "tunnel")) || (key0 === "stream")) || (key0 === "frames"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema77,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.verdict !== undefined){
let data0 = data.verdict;
if(!((data0 === "allow") || (data0 === "deny"))){
const err2 = {instancePath:instancePath+"/verdict",schemaPath:"#/properties/verdict/enum",keyword:"enum",params:{allowedValues: schema77.properties.verdict.enum},message:"must be equal to one of the allowed values",schema:schema77.properties.verdict.enum,parentSchema:schema77.properties.verdict,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.reason !== undefined){
let data1 = data.reason;
if(!(((((((((((((((((((((((data1 === "POLICY_ALLOW") || (data1 === "POLICY_DENY")) || (data1 === "POLICY_NO_MATCH")) || (data1 === "POLICY_CEILING")) || (data1 === "TUNNEL_OPAQUE")) || (data1 === "PATH_AMBIGUOUS")) || (data1 === "OVERRIDE_HEADER")) || (data1 === "UPGRADE_NOT_ALLOWED")) || (data1 === "AUTHORITY_INVALID")) || (data1 === "DESTINATION_SELF")) || (data1 === "HOST_NUMERIC")) || (data1 === "METHOD_INVALID")) || (data1 === "ORIGINAL_PORT_MISMATCH")) || (data1 === "PATH_INVALID")) || (data1 === "REQUEST_TOO_LARGE")) || (data1 === "UPGRADE_INVALID")) || (data1 === "BODY_NOT_COMPLETED")) || (data1 === "BODY_INVALID")) || (data1 === "BODY_TOO_LARGE")) || (data1 === "BODY_TYPE_REFUSED")) || (data1 === "SCHEMA_INVALID")) || (data1 === "AI_UNREADABLE")) || (data1 === "RECORD_TOO_LARGE"))){
const err3 = {instancePath:instancePath+"/reason",schemaPath:"#/properties/reason/enum",keyword:"enum",params:{allowedValues: schema77.properties.reason.enum},message:"must be equal to one of the allowed values",schema:schema77.properties.reason.enum,parentSchema:schema77.properties.reason,data:data1};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
if(data.rule !== undefined){
let data2 = data.rule;
if(typeof data2 === "string"){
if(!pattern48.test(data2)){
const err4 = {instancePath:instancePath+"/rule",schemaPath:"#/$defs/RuleName/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}(/[a-z0-9._-]{1,64})?$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}(/[a-z0-9._-]{1,64})?$"+"\"",schema:"^[a-z0-9._-]{1,64}(/[a-z0-9._-]{1,64})?$",parentSchema:schema78,data:data2};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
else {
const err5 = {instancePath:instancePath+"/rule",schemaPath:"#/$defs/RuleName/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema78.type,parentSchema:schema78,data:data2};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.tunnel !== undefined){
let data3 = data.tunnel;
if(!(((data3 === "intercept") || (data3 === "passthrough")) || (data3 === "raw"))){
const err6 = {instancePath:instancePath+"/tunnel",schemaPath:"#/properties/tunnel/enum",keyword:"enum",params:{allowedValues: schema77.properties.tunnel.enum},message:"must be equal to one of the allowed values",schema:schema77.properties.tunnel.enum,parentSchema:schema77.properties.tunnel,data:data3};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.stream !== undefined){
let data4 = data.stream;
if(data4 && typeof data4 == "object" && !Array.isArray(data4)){
if(Object.keys(data4).length < 1){
const err7 = {instancePath:instancePath+"/stream",schemaPath:"#/$defs/StreamCaps/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties",schema:1,parentSchema:schema48,data:data4};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
for(const key1 in data4){
if(!(((key1 === "max_bytes") || (key1 === "max_seconds")) || (key1 === "max_message_bytes"))){
const err8 = {instancePath:instancePath+"/stream",schemaPath:"#/$defs/StreamCaps/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties",schema:false,parentSchema:schema48,data:data4};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data4.max_bytes !== undefined){
let data5 = data4.max_bytes;
if(!(((typeof data5 == "number") && (!(data5 % 1) && !isNaN(data5))) && (isFinite(data5)))){
const err9 = {instancePath:instancePath+"/stream/max_bytes",schemaPath:"#/$defs/StreamCaps/properties/max_bytes/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema48.properties.max_bytes.type,parentSchema:schema48.properties.max_bytes,data:data5};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
if((typeof data5 == "number") && (isFinite(data5))){
if(data5 > 1099511627776 || isNaN(data5)){
const err10 = {instancePath:instancePath+"/stream/max_bytes",schemaPath:"#/$defs/StreamCaps/properties/max_bytes/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1099511627776},message:"must be <= 1099511627776",schema:1099511627776,parentSchema:schema48.properties.max_bytes,data:data5};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
if(data5 < 1 || isNaN(data5)){
const err11 = {instancePath:instancePath+"/stream/max_bytes",schemaPath:"#/$defs/StreamCaps/properties/max_bytes/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema48.properties.max_bytes,data:data5};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
}
if(data4.max_seconds !== undefined){
let data6 = data4.max_seconds;
if(!(((typeof data6 == "number") && (!(data6 % 1) && !isNaN(data6))) && (isFinite(data6)))){
const err12 = {instancePath:instancePath+"/stream/max_seconds",schemaPath:"#/$defs/StreamCaps/properties/max_seconds/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema48.properties.max_seconds.type,parentSchema:schema48.properties.max_seconds,data:data6};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
if((typeof data6 == "number") && (isFinite(data6))){
if(data6 > 3600 || isNaN(data6)){
const err13 = {instancePath:instancePath+"/stream/max_seconds",schemaPath:"#/$defs/StreamCaps/properties/max_seconds/maximum",keyword:"maximum",params:{comparison: "<=", limit: 3600},message:"must be <= 3600",schema:3600,parentSchema:schema48.properties.max_seconds,data:data6};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
if(data6 < 1 || isNaN(data6)){
const err14 = {instancePath:instancePath+"/stream/max_seconds",schemaPath:"#/$defs/StreamCaps/properties/max_seconds/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema48.properties.max_seconds,data:data6};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
}
if(data4.max_message_bytes !== undefined){
let data7 = data4.max_message_bytes;
if(!(((typeof data7 == "number") && (!(data7 % 1) && !isNaN(data7))) && (isFinite(data7)))){
const err15 = {instancePath:instancePath+"/stream/max_message_bytes",schemaPath:"#/$defs/StreamCaps/properties/max_message_bytes/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema48.properties.max_message_bytes.type,parentSchema:schema48.properties.max_message_bytes,data:data7};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
if((typeof data7 == "number") && (isFinite(data7))){
if(data7 > 16777216 || isNaN(data7)){
const err16 = {instancePath:instancePath+"/stream/max_message_bytes",schemaPath:"#/$defs/StreamCaps/properties/max_message_bytes/maximum",keyword:"maximum",params:{comparison: "<=", limit: 16777216},message:"must be <= 16777216",schema:16777216,parentSchema:schema48.properties.max_message_bytes,data:data7};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
if(data7 < 1 || isNaN(data7)){
const err17 = {instancePath:instancePath+"/stream/max_message_bytes",schemaPath:"#/$defs/StreamCaps/properties/max_message_bytes/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema48.properties.max_message_bytes,data:data7};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
}
}
else {
const err18 = {instancePath:instancePath+"/stream",schemaPath:"#/$defs/StreamCaps/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema48.type,parentSchema:schema48,data:data4};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
}
if(data.frames !== undefined){
let data8 = data.frames;
if(!((data8 === "observe") || (data8 === "block"))){
const err19 = {instancePath:instancePath+"/frames",schemaPath:"#/properties/frames/enum",keyword:"enum",params:{allowedValues: schema77.properties.frames.enum},message:"must be equal to one of the allowed values",schema:schema77.properties.frames.enum,parentSchema:schema77.properties.frames,data:data8};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
}
else {
const err20 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema77.type,parentSchema:schema77,data};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
validate63.errors = vErrors;
return errors === 0;
}
validate63.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};


function validate53(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate53.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.name === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "name"},message:"must have required property '"+"name"+"'",schema:schema66.required,parentSchema:schema66,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.request === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "request"},message:"must have required property '"+"request"+"'",schema:schema66.required,parentSchema:schema66,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
if(data.expect === undefined){
const err2 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "expect"},message:"must have required property '"+"expect"+"'",schema:schema66.required,parentSchema:schema66,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
for(const key0 in data){
if(!(((key0 === "name") || (key0 === "request")) || (key0 === "expect"))){
const err3 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema66,data};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
if(data.name !== undefined){
let data0 = data.name;
if(typeof data0 === "string"){
if(!pattern30.test(data0)){
const err4 = {instancePath:instancePath+"/name",schemaPath:"#/properties/name/pattern",keyword:"pattern",params:{pattern: "^[ -~]{1,200}$"},message:"must match pattern \""+"^[ -~]{1,200}$"+"\"",schema:"^[ -~]{1,200}$",parentSchema:schema66.properties.name,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
else {
const err5 = {instancePath:instancePath+"/name",schemaPath:"#/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema66.properties.name.type,parentSchema:schema66.properties.name,data:data0};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.request !== undefined){
if(!(validate54(data.request, {instancePath:instancePath+"/request",parentData:data,parentDataProperty:"request",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate54.errors : vErrors.concat(validate54.errors);
errors = vErrors.length;
}
}
if(data.expect !== undefined){
if(!(validate63(data.expect, {instancePath:instancePath+"/expect",parentData:data,parentDataProperty:"expect",rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate63.errors : vErrors.concat(validate63.errors);
errors = vErrors.length;
}
}
}
else {
const err6 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema66.type,parentSchema:schema66,data};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
validate53.errors = vErrors;
return errors === 0;
}
validate53.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};


function validate20(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
/*# sourceURL="urn:clawgress:policy:v1" */;
let vErrors = null;
let errors = 0;
const evaluated0 = validate20.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.schema === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "schema"},message:"must have required property '"+"schema"+"'",schema:schema31.required,parentSchema:schema31,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.id === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "id"},message:"must have required property '"+"id"+"'",schema:schema31.required,parentSchema:schema31,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
if(data.rules === undefined){
const err2 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "rules"},message:"must have required property '"+"rules"+"'",schema:schema31.required,parentSchema:schema31,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
for(const key0 in data){
if(!(func1.call(schema31.properties, key0))){
const err3 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema31,data};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
if(data.schema !== undefined){
let data0 = data.schema;
if("clawgress/policy/v1" !== data0){
const err4 = {instancePath:instancePath+"/schema",schemaPath:"#/properties/schema/const",keyword:"const",params:{allowedValue: "clawgress/policy/v1"},message:"must be equal to constant",schema:"clawgress/policy/v1",parentSchema:schema31.properties.schema,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.id !== undefined){
let data1 = data.id;
if(typeof data1 === "string"){
if(!pattern4.test(data1)){
const err5 = {instancePath:instancePath+"/id",schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
else {
const err6 = {instancePath:instancePath+"/id",schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.inherits !== undefined){
let data2 = data.inherits;
if(Array.isArray(data2)){
if(data2.length > 16){
const err7 = {instancePath:instancePath+"/inherits",schemaPath:"#/properties/inherits/maxItems",keyword:"maxItems",params:{limit: 16},message:"must NOT have more than 16 items",schema:16,parentSchema:schema31.properties.inherits,data:data2};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
if(data2.length < 1){
const err8 = {instancePath:instancePath+"/inherits",schemaPath:"#/properties/inherits/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema31.properties.inherits,data:data2};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
const len0 = data2.length;
for(let i0=0; i0<len0; i0++){
let data3 = data2[i0];
if(typeof data3 !== "string"){
const err9 = {instancePath:instancePath+"/inherits/" + i0,schemaPath:"#/properties/inherits/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema31.properties.inherits.items.type,parentSchema:schema31.properties.inherits.items,data:data3};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
if(typeof data3 === "string"){
if(!pattern4.test(data3)){
const err10 = {instancePath:instancePath+"/inherits/" + i0,schemaPath:"#/$defs/Id/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9._-]{1,64}$"},message:"must match pattern \""+"^[a-z0-9._-]{1,64}$"+"\"",schema:"^[a-z0-9._-]{1,64}$",parentSchema:schema32,data:data3};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
else {
const err11 = {instancePath:instancePath+"/inherits/" + i0,schemaPath:"#/$defs/Id/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data3};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
let i1 = data2.length;
let j0;
if(i1 > 1){
const indices0 = {};
for(;i1--;){
let item0 = data2[i1];
if(typeof item0 !== "string"){
continue;
}
if(typeof indices0[item0] == "number"){
j0 = indices0[item0];
const err12 = {instancePath:instancePath+"/inherits",schemaPath:"#/properties/inherits/uniqueItems",keyword:"uniqueItems",params:{i: i1, j: j0},message:"must NOT have duplicate items (items ## "+j0+" and "+i1+" are identical)",schema:true,parentSchema:schema31.properties.inherits,data:data2};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
break;
}
indices0[item0] = i1;
}
}
}
else {
const err13 = {instancePath:instancePath+"/inherits",schemaPath:"#/properties/inherits/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema31.properties.inherits.type,parentSchema:schema31.properties.inherits,data:data2};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
if(data.ceiling !== undefined){
let data4 = data.ceiling;
if(true !== data4){
const err14 = {instancePath:instancePath+"/ceiling",schemaPath:"#/properties/ceiling/const",keyword:"const",params:{allowedValue: true},message:"must be equal to constant",schema:true,parentSchema:schema31.properties.ceiling,data:data4};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
if(data.schemas !== undefined){
let data5 = data.schemas;
if(Array.isArray(data5)){
if(data5.length > 256){
const err15 = {instancePath:instancePath+"/schemas",schemaPath:"#/properties/schemas/maxItems",keyword:"maxItems",params:{limit: 256},message:"must NOT have more than 256 items",schema:256,parentSchema:schema31.properties.schemas,data:data5};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
if(data5.length < 1){
const err16 = {instancePath:instancePath+"/schemas",schemaPath:"#/properties/schemas/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema31.properties.schemas,data:data5};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
const len1 = data5.length;
for(let i2=0; i2<len1; i2++){
if(!(validate21(data5[i2], {instancePath:instancePath+"/schemas/" + i2,parentData:data5,parentDataProperty:i2,rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate21.errors : vErrors.concat(validate21.errors);
errors = vErrors.length;
}
}
}
else {
const err17 = {instancePath:instancePath+"/schemas",schemaPath:"#/properties/schemas/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema31.properties.schemas.type,parentSchema:schema31.properties.schemas,data:data5};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
if(data.rules !== undefined){
let data7 = data.rules;
if(Array.isArray(data7)){
if(data7.length > 20000){
const err18 = {instancePath:instancePath+"/rules",schemaPath:"#/properties/rules/maxItems",keyword:"maxItems",params:{limit: 20000},message:"must NOT have more than 20000 items",schema:20000,parentSchema:schema31.properties.rules,data:data7};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
const len2 = data7.length;
for(let i3=0; i3<len2; i3++){
if(!(validate23(data7[i3], {instancePath:instancePath+"/rules/" + i3,parentData:data7,parentDataProperty:i3,rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate23.errors : vErrors.concat(validate23.errors);
errors = vErrors.length;
}
}
}
else {
const err19 = {instancePath:instancePath+"/rules",schemaPath:"#/properties/rules/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema31.properties.rules.type,parentSchema:schema31.properties.rules,data:data7};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
if(data.limits !== undefined){
let data9 = data.limits;
if(Array.isArray(data9)){
if(data9.length > 1000){
const err20 = {instancePath:instancePath+"/limits",schemaPath:"#/properties/limits/maxItems",keyword:"maxItems",params:{limit: 1000},message:"must NOT have more than 1000 items",schema:1000,parentSchema:schema31.properties.limits,data:data9};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
const len3 = data9.length;
for(let i4=0; i4<len3; i4++){
if(!(validate47(data9[i4], {instancePath:instancePath+"/limits/" + i4,parentData:data9,parentDataProperty:i4,rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate47.errors : vErrors.concat(validate47.errors);
errors = vErrors.length;
}
}
}
else {
const err21 = {instancePath:instancePath+"/limits",schemaPath:"#/properties/limits/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema31.properties.limits.type,parentSchema:schema31.properties.limits,data:data9};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
}
if(data.exceptions !== undefined){
let data11 = data.exceptions;
if(Array.isArray(data11)){
if(data11.length > 1000){
const err22 = {instancePath:instancePath+"/exceptions",schemaPath:"#/properties/exceptions/maxItems",keyword:"maxItems",params:{limit: 1000},message:"must NOT have more than 1000 items",schema:1000,parentSchema:schema31.properties.exceptions,data:data11};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
if(data11.length < 1){
const err23 = {instancePath:instancePath+"/exceptions",schemaPath:"#/properties/exceptions/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema31.properties.exceptions,data:data11};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
const len4 = data11.length;
for(let i5=0; i5<len4; i5++){
if(!(validate50(data11[i5], {instancePath:instancePath+"/exceptions/" + i5,parentData:data11,parentDataProperty:i5,rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate50.errors : vErrors.concat(validate50.errors);
errors = vErrors.length;
}
}
}
else {
const err24 = {instancePath:instancePath+"/exceptions",schemaPath:"#/properties/exceptions/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema31.properties.exceptions.type,parentSchema:schema31.properties.exceptions,data:data11};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
if(data.tests !== undefined){
let data13 = data.tests;
if(Array.isArray(data13)){
if(data13.length > 1000){
const err25 = {instancePath:instancePath+"/tests",schemaPath:"#/properties/tests/maxItems",keyword:"maxItems",params:{limit: 1000},message:"must NOT have more than 1000 items",schema:1000,parentSchema:schema31.properties.tests,data:data13};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
const len5 = data13.length;
for(let i6=0; i6<len5; i6++){
if(!(validate53(data13[i6], {instancePath:instancePath+"/tests/" + i6,parentData:data13,parentDataProperty:i6,rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate53.errors : vErrors.concat(validate53.errors);
errors = vErrors.length;
}
}
}
else {
const err26 = {instancePath:instancePath+"/tests",schemaPath:"#/properties/tests/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema31.properties.tests.type,parentSchema:schema31.properties.tests,data:data13};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
}
}
else {
const err27 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema31.type,parentSchema:schema31,data};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
validate20.errors = vErrors;
return errors === 0;
}
validate20.evaluated = {"props":true,"dynamicProps":false,"dynamicItems":false};

