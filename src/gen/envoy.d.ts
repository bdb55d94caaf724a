// Generated from proto/ by `npm run gen`. Do not edit.
import * as $protobuf from "protobufjs/minimal.js";

/** Namespace envoy. */
export namespace envoy {

    /** Namespace service. */
    namespace service {

        /** Namespace auth. */
        namespace auth {

            /** Namespace v3. */
            namespace v3 {

                /**
                 * Properties of a CheckRequest.
                 * @deprecated Use envoy.service.auth.v3.CheckRequest.$Properties instead.
                 */
                interface ICheckRequest extends envoy.service.auth.v3.CheckRequest.$Properties {
                }

                /** Represents a CheckRequest. */
                class CheckRequest {

                    /**
                     * Constructs a new CheckRequest.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.service.auth.v3.CheckRequest.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** CheckRequest attributes. */
                    attributes?: (envoy.service.auth.v3.AttributeContext.$Properties|null);

                    /**
                     * Encodes the specified CheckRequest message. Does not implicitly {@link envoy.service.auth.v3.CheckRequest.verify|verify} messages.
                     * @param message CheckRequest message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.service.auth.v3.CheckRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a CheckRequest message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.service.auth.v3.CheckRequest & envoy.service.auth.v3.CheckRequest.$Shape} CheckRequest
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.service.auth.v3.CheckRequest & envoy.service.auth.v3.CheckRequest.$Shape;
                }

                namespace CheckRequest {

                    /** Properties of a CheckRequest. */
                    interface $Properties {

                        /** CheckRequest attributes */
                        attributes?: (envoy.service.auth.v3.AttributeContext.$Properties|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a CheckRequest. */
                    type $Shape = {
                      attributes?: envoy.service.auth.v3.AttributeContext.$Shape|null;
                      $unknowns?: Uint8Array[];
                    };
                }

                /**
                 * Properties of a DeniedHttpResponse.
                 * @deprecated Use envoy.service.auth.v3.DeniedHttpResponse.$Properties instead.
                 */
                interface IDeniedHttpResponse extends envoy.service.auth.v3.DeniedHttpResponse.$Properties {
                }

                /** Represents a DeniedHttpResponse. */
                class DeniedHttpResponse {

                    /**
                     * Constructs a new DeniedHttpResponse.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.service.auth.v3.DeniedHttpResponse.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** DeniedHttpResponse status. */
                    status?: (envoy.type.v3.HttpStatus.$Properties|null);

                    /** DeniedHttpResponse headers. */
                    headers: envoy.config.core.v3.HeaderValueOption.$Properties[];

                    /** DeniedHttpResponse body. */
                    body: string;

                    /**
                     * Encodes the specified DeniedHttpResponse message. Does not implicitly {@link envoy.service.auth.v3.DeniedHttpResponse.verify|verify} messages.
                     * @param message DeniedHttpResponse message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.service.auth.v3.DeniedHttpResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a DeniedHttpResponse message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.service.auth.v3.DeniedHttpResponse & envoy.service.auth.v3.DeniedHttpResponse.$Shape} DeniedHttpResponse
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.service.auth.v3.DeniedHttpResponse & envoy.service.auth.v3.DeniedHttpResponse.$Shape;
                }

                namespace DeniedHttpResponse {

                    /** Properties of a DeniedHttpResponse. */
                    interface $Properties {

                        /** DeniedHttpResponse status */
                        status?: (envoy.type.v3.HttpStatus.$Properties|null);

                        /** DeniedHttpResponse headers */
                        headers?: (envoy.config.core.v3.HeaderValueOption.$Properties[]|null);

                        /** DeniedHttpResponse body */
                        body?: (string|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a DeniedHttpResponse. */
                    type $Shape = envoy.service.auth.v3.DeniedHttpResponse.$Properties;
                }

                /**
                 * Properties of an OkHttpResponse.
                 * @deprecated Use envoy.service.auth.v3.OkHttpResponse.$Properties instead.
                 */
                interface IOkHttpResponse extends envoy.service.auth.v3.OkHttpResponse.$Properties {
                }

                /** Represents an OkHttpResponse. */
                class OkHttpResponse {

                    /**
                     * Constructs a new OkHttpResponse.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.service.auth.v3.OkHttpResponse.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** OkHttpResponse headers. */
                    headers: envoy.config.core.v3.HeaderValueOption.$Properties[];

                    /** OkHttpResponse headersToRemove. */
                    headersToRemove: string[];

                    /** OkHttpResponse responseHeadersToAdd. */
                    responseHeadersToAdd: envoy.config.core.v3.HeaderValueOption.$Properties[];

                    /**
                     * Encodes the specified OkHttpResponse message. Does not implicitly {@link envoy.service.auth.v3.OkHttpResponse.verify|verify} messages.
                     * @param message OkHttpResponse message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.service.auth.v3.OkHttpResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes an OkHttpResponse message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.service.auth.v3.OkHttpResponse & envoy.service.auth.v3.OkHttpResponse.$Shape} OkHttpResponse
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.service.auth.v3.OkHttpResponse & envoy.service.auth.v3.OkHttpResponse.$Shape;
                }

                namespace OkHttpResponse {

                    /** Properties of an OkHttpResponse. */
                    interface $Properties {

                        /** OkHttpResponse headers */
                        headers?: (envoy.config.core.v3.HeaderValueOption.$Properties[]|null);

                        /** OkHttpResponse headersToRemove */
                        headersToRemove?: (string[]|null);

                        /** OkHttpResponse responseHeadersToAdd */
                        responseHeadersToAdd?: (envoy.config.core.v3.HeaderValueOption.$Properties[]|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of an OkHttpResponse. */
                    type $Shape = envoy.service.auth.v3.OkHttpResponse.$Properties;
                }

                /**
                 * Properties of a CheckResponse.
                 * @deprecated Use envoy.service.auth.v3.CheckResponse.$Properties instead.
                 */
                interface ICheckResponse extends envoy.service.auth.v3.CheckResponse.$Properties {
                }

                /** Represents a CheckResponse. */
                class CheckResponse {

                    /**
                     * Constructs a new CheckResponse.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.service.auth.v3.CheckResponse.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** CheckResponse status. */
                    status?: (google.rpc.Status.$Properties|null);

                    /** CheckResponse deniedResponse. */
                    deniedResponse?: (envoy.service.auth.v3.DeniedHttpResponse.$Properties|null);

                    /** CheckResponse okResponse. */
                    okResponse?: (envoy.service.auth.v3.OkHttpResponse.$Properties|null);

                    /** CheckResponse dynamicMetadata. */
                    dynamicMetadata?: (google.protobuf.Struct.$Properties|null);

                    /** CheckResponse httpResponse. */
                    httpResponse?: ("deniedResponse"|"okResponse");

                    /**
                     * Encodes the specified CheckResponse message. Does not implicitly {@link envoy.service.auth.v3.CheckResponse.verify|verify} messages.
                     * @param message CheckResponse message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.service.auth.v3.CheckResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a CheckResponse message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.service.auth.v3.CheckResponse & envoy.service.auth.v3.CheckResponse.$Shape} CheckResponse
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.service.auth.v3.CheckResponse & envoy.service.auth.v3.CheckResponse.$Shape;
                }

                namespace CheckResponse {

                    /** Properties of a CheckResponse. */
                    interface $Properties {

                        /** CheckResponse status */
                        status?: (google.rpc.Status.$Properties|null);

                        /** CheckResponse deniedResponse */
                        deniedResponse?: (envoy.service.auth.v3.DeniedHttpResponse.$Properties|null);

                        /** CheckResponse okResponse */
                        okResponse?: (envoy.service.auth.v3.OkHttpResponse.$Properties|null);

                        /** CheckResponse dynamicMetadata */
                        dynamicMetadata?: (google.protobuf.Struct.$Properties|null);

                        /** CheckResponse httpResponse */
                        httpResponse?: ("deniedResponse"|"okResponse");

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Narrowed shape of a CheckResponse. */
                    type $Shape = {
                      status?: google.rpc.Status.$Shape|null;
                      deniedResponse?: envoy.service.auth.v3.DeniedHttpResponse.$Shape|null;
                      okResponse?: envoy.service.auth.v3.OkHttpResponse.$Shape|null;
                      dynamicMetadata?: google.protobuf.Struct.$Shape|null;
                      $unknowns?: Uint8Array[];
                    } & (
                      ({ httpResponse?: undefined; deniedResponse?: null; okResponse?: null }|{ httpResponse?: "deniedResponse"; deniedResponse: envoy.service.auth.v3.DeniedHttpResponse.$Shape; okResponse?: null }|{ httpResponse?: "okResponse"; deniedResponse?: null; okResponse: envoy.service.auth.v3.OkHttpResponse.$Shape })
                    );
                }

                /**
                 * Properties of an AttributeContext.
                 * @deprecated Use envoy.service.auth.v3.AttributeContext.$Properties instead.
                 */
                interface IAttributeContext extends envoy.service.auth.v3.AttributeContext.$Properties {
                }

                /** Represents an AttributeContext. */
                class AttributeContext {

                    /**
                     * Constructs a new AttributeContext.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.service.auth.v3.AttributeContext.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** AttributeContext source. */
                    source?: (envoy.service.auth.v3.AttributeContext.Peer.$Properties|null);

                    /** AttributeContext destination. */
                    destination?: (envoy.service.auth.v3.AttributeContext.Peer.$Properties|null);

                    /** AttributeContext request. */
                    request?: (envoy.service.auth.v3.AttributeContext.Request.$Properties|null);

                    /** AttributeContext contextExtensions. */
                    contextExtensions: { [k: string]: string };

                    /** AttributeContext tlsSession. */
                    tlsSession?: (envoy.service.auth.v3.AttributeContext.TLSSession.$Properties|null);

                    /**
                     * Encodes the specified AttributeContext message. Does not implicitly {@link envoy.service.auth.v3.AttributeContext.verify|verify} messages.
                     * @param message AttributeContext message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.service.auth.v3.AttributeContext.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes an AttributeContext message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.service.auth.v3.AttributeContext & envoy.service.auth.v3.AttributeContext.$Shape} AttributeContext
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.service.auth.v3.AttributeContext & envoy.service.auth.v3.AttributeContext.$Shape;
                }

                namespace AttributeContext {

                    /** Properties of an AttributeContext. */
                    interface $Properties {

                        /** AttributeContext source */
                        source?: (envoy.service.auth.v3.AttributeContext.Peer.$Properties|null);

                        /** AttributeContext destination */
                        destination?: (envoy.service.auth.v3.AttributeContext.Peer.$Properties|null);

                        /** AttributeContext request */
                        request?: (envoy.service.auth.v3.AttributeContext.Request.$Properties|null);

                        /** AttributeContext contextExtensions */
                        contextExtensions?: ({ [k: string]: string }|null);

                        /** AttributeContext tlsSession */
                        tlsSession?: (envoy.service.auth.v3.AttributeContext.TLSSession.$Properties|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of an AttributeContext. */
                    type $Shape = {
                      source?: envoy.service.auth.v3.AttributeContext.Peer.$Shape|null;
                      destination?: envoy.service.auth.v3.AttributeContext.Peer.$Shape|null;
                      request?: envoy.service.auth.v3.AttributeContext.Request.$Shape|null;
                      contextExtensions?: { [k: string]: string }|null;
                      tlsSession?: envoy.service.auth.v3.AttributeContext.TLSSession.$Shape|null;
                      $unknowns?: Uint8Array[];
                    };

                    /**
                     * Properties of a Peer.
                     * @deprecated Use envoy.service.auth.v3.AttributeContext.Peer.$Properties instead.
                     */
                    interface IPeer extends envoy.service.auth.v3.AttributeContext.Peer.$Properties {
                    }

                    /** Represents a Peer. */
                    class Peer {

                        /**
                         * Constructs a new Peer.
                         * @param [properties] Properties to set
                         */
                        constructor(properties?: envoy.service.auth.v3.AttributeContext.Peer.$Properties);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];

                        /** Peer address. */
                        address?: (envoy.config.core.v3.Address.$Properties|null);

                        /**
                         * Encodes the specified Peer message. Does not implicitly {@link envoy.service.auth.v3.AttributeContext.Peer.verify|verify} messages.
                         * @param message Peer message or plain object to encode
                         * @param [writer] Writer to encode to
                         * @returns Writer
                         */
                        static encode(message: envoy.service.auth.v3.AttributeContext.Peer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                        /**
                         * Decodes a Peer message from the specified reader or buffer.
                         * @param reader Reader or buffer to decode from
                         * @param [length] Message length if known beforehand
                         * @returns {envoy.service.auth.v3.AttributeContext.Peer & envoy.service.auth.v3.AttributeContext.Peer.$Shape} Peer
                         * @throws {Error} If the payload is not a reader or valid buffer
                         * @throws {$protobuf.util.ProtocolError} If required fields are missing
                         */
                        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.service.auth.v3.AttributeContext.Peer & envoy.service.auth.v3.AttributeContext.Peer.$Shape;
                    }

                    namespace Peer {

                        /** Properties of a Peer. */
                        interface $Properties {

                            /** Peer address */
                            address?: (envoy.config.core.v3.Address.$Properties|null);

                            /** Unknown fields preserved while decoding when enabled */
                            $unknowns?: Uint8Array[];
                        }

                        /** Shape of a Peer. */
                        type $Shape = {
                          address?: envoy.config.core.v3.Address.$Shape|null;
                          $unknowns?: Uint8Array[];
                        };
                    }

                    /**
                     * Properties of a Request.
                     * @deprecated Use envoy.service.auth.v3.AttributeContext.Request.$Properties instead.
                     */
                    interface IRequest extends envoy.service.auth.v3.AttributeContext.Request.$Properties {
                    }

                    /** Represents a Request. */
                    class Request {

                        /**
                         * Constructs a new Request.
                         * @param [properties] Properties to set
                         */
                        constructor(properties?: envoy.service.auth.v3.AttributeContext.Request.$Properties);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];

                        /** Request http. */
                        http?: (envoy.service.auth.v3.AttributeContext.HttpRequest.$Properties|null);

                        /**
                         * Encodes the specified Request message. Does not implicitly {@link envoy.service.auth.v3.AttributeContext.Request.verify|verify} messages.
                         * @param message Request message or plain object to encode
                         * @param [writer] Writer to encode to
                         * @returns Writer
                         */
                        static encode(message: envoy.service.auth.v3.AttributeContext.Request.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                        /**
                         * Decodes a Request message from the specified reader or buffer.
                         * @param reader Reader or buffer to decode from
                         * @param [length] Message length if known beforehand
                         * @returns {envoy.service.auth.v3.AttributeContext.Request & envoy.service.auth.v3.AttributeContext.Request.$Shape} Request
                         * @throws {Error} If the payload is not a reader or valid buffer
                         * @throws {$protobuf.util.ProtocolError} If required fields are missing
                         */
                        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.service.auth.v3.AttributeContext.Request & envoy.service.auth.v3.AttributeContext.Request.$Shape;
                    }

                    namespace Request {

                        /** Properties of a Request. */
                        interface $Properties {

                            /** Request http */
                            http?: (envoy.service.auth.v3.AttributeContext.HttpRequest.$Properties|null);

                            /** Unknown fields preserved while decoding when enabled */
                            $unknowns?: Uint8Array[];
                        }

                        /** Shape of a Request. */
                        type $Shape = envoy.service.auth.v3.AttributeContext.Request.$Properties;
                    }

                    /**
                     * Properties of a HttpRequest.
                     * @deprecated Use envoy.service.auth.v3.AttributeContext.HttpRequest.$Properties instead.
                     */
                    interface IHttpRequest extends envoy.service.auth.v3.AttributeContext.HttpRequest.$Properties {
                    }

                    /** Represents a HttpRequest. */
                    class HttpRequest {

                        /**
                         * Constructs a new HttpRequest.
                         * @param [properties] Properties to set
                         */
                        constructor(properties?: envoy.service.auth.v3.AttributeContext.HttpRequest.$Properties);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];

                        /** HttpRequest headerMap. */
                        headerMap?: (envoy.config.core.v3.HeaderMap.$Properties|null);

                        /**
                         * Encodes the specified HttpRequest message. Does not implicitly {@link envoy.service.auth.v3.AttributeContext.HttpRequest.verify|verify} messages.
                         * @param message HttpRequest message or plain object to encode
                         * @param [writer] Writer to encode to
                         * @returns Writer
                         */
                        static encode(message: envoy.service.auth.v3.AttributeContext.HttpRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                        /**
                         * Decodes a HttpRequest message from the specified reader or buffer.
                         * @param reader Reader or buffer to decode from
                         * @param [length] Message length if known beforehand
                         * @returns {envoy.service.auth.v3.AttributeContext.HttpRequest & envoy.service.auth.v3.AttributeContext.HttpRequest.$Shape} HttpRequest
                         * @throws {Error} If the payload is not a reader or valid buffer
                         * @throws {$protobuf.util.ProtocolError} If required fields are missing
                         */
                        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.service.auth.v3.AttributeContext.HttpRequest & envoy.service.auth.v3.AttributeContext.HttpRequest.$Shape;
                    }

                    namespace HttpRequest {

                        /** Properties of a HttpRequest. */
                        interface $Properties {

                            /** HttpRequest headerMap */
                            headerMap?: (envoy.config.core.v3.HeaderMap.$Properties|null);

                            /** Unknown fields preserved while decoding when enabled */
                            $unknowns?: Uint8Array[];
                        }

                        /** Shape of a HttpRequest. */
                        type $Shape = envoy.service.auth.v3.AttributeContext.HttpRequest.$Properties;
                    }

                    /**
                     * Properties of a TLSSession.
                     * @deprecated Use envoy.service.auth.v3.AttributeContext.TLSSession.$Properties instead.
                     */
                    interface ITLSSession extends envoy.service.auth.v3.AttributeContext.TLSSession.$Properties {
                    }

                    /** Represents a TLSSession. */
                    class TLSSession {

                        /**
                         * Constructs a new TLSSession.
                         * @param [properties] Properties to set
                         */
                        constructor(properties?: envoy.service.auth.v3.AttributeContext.TLSSession.$Properties);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];

                        /** TLSSession sni. */
                        sni: string;

                        /**
                         * Encodes the specified TLSSession message. Does not implicitly {@link envoy.service.auth.v3.AttributeContext.TLSSession.verify|verify} messages.
                         * @param message TLSSession message or plain object to encode
                         * @param [writer] Writer to encode to
                         * @returns Writer
                         */
                        static encode(message: envoy.service.auth.v3.AttributeContext.TLSSession.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                        /**
                         * Decodes a TLSSession message from the specified reader or buffer.
                         * @param reader Reader or buffer to decode from
                         * @param [length] Message length if known beforehand
                         * @returns {envoy.service.auth.v3.AttributeContext.TLSSession & envoy.service.auth.v3.AttributeContext.TLSSession.$Shape} TLSSession
                         * @throws {Error} If the payload is not a reader or valid buffer
                         * @throws {$protobuf.util.ProtocolError} If required fields are missing
                         */
                        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.service.auth.v3.AttributeContext.TLSSession & envoy.service.auth.v3.AttributeContext.TLSSession.$Shape;
                    }

                    namespace TLSSession {

                        /** Properties of a TLSSession. */
                        interface $Properties {

                            /** TLSSession sni */
                            sni?: (string|null);

                            /** Unknown fields preserved while decoding when enabled */
                            $unknowns?: Uint8Array[];
                        }

                        /** Shape of a TLSSession. */
                        type $Shape = envoy.service.auth.v3.AttributeContext.TLSSession.$Properties;
                    }
                }
            }
        }

        /** Namespace secret. */
        namespace secret {
        }

        /** Namespace discovery. */
        namespace discovery {

            /** Namespace v3. */
            namespace v3 {

                /**
                 * Properties of a DeltaDiscoveryRequest.
                 * @deprecated Use envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties instead.
                 */
                interface IDeltaDiscoveryRequest extends envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties {
                }

                /** Represents a DeltaDiscoveryRequest. */
                class DeltaDiscoveryRequest {

                    /**
                     * Constructs a new DeltaDiscoveryRequest.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** DeltaDiscoveryRequest node. */
                    node?: (envoy.config.core.v3.Node.$Properties|null);

                    /** DeltaDiscoveryRequest typeUrl. */
                    typeUrl: string;

                    /** DeltaDiscoveryRequest resourceNamesSubscribe. */
                    resourceNamesSubscribe: string[];

                    /** DeltaDiscoveryRequest resourceNamesUnsubscribe. */
                    resourceNamesUnsubscribe: string[];

                    /** DeltaDiscoveryRequest initialResourceVersions. */
                    initialResourceVersions: { [k: string]: string };

                    /** DeltaDiscoveryRequest responseNonce. */
                    responseNonce: string;

                    /** DeltaDiscoveryRequest errorDetail. */
                    errorDetail?: (google.rpc.Status.$Properties|null);

                    /**
                     * Encodes the specified DeltaDiscoveryRequest message. Does not implicitly {@link envoy.service.discovery.v3.DeltaDiscoveryRequest.verify|verify} messages.
                     * @param message DeltaDiscoveryRequest message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a DeltaDiscoveryRequest message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.service.discovery.v3.DeltaDiscoveryRequest & envoy.service.discovery.v3.DeltaDiscoveryRequest.$Shape} DeltaDiscoveryRequest
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.service.discovery.v3.DeltaDiscoveryRequest & envoy.service.discovery.v3.DeltaDiscoveryRequest.$Shape;
                }

                namespace DeltaDiscoveryRequest {

                    /** Properties of a DeltaDiscoveryRequest. */
                    interface $Properties {

                        /** DeltaDiscoveryRequest node */
                        node?: (envoy.config.core.v3.Node.$Properties|null);

                        /** DeltaDiscoveryRequest typeUrl */
                        typeUrl?: (string|null);

                        /** DeltaDiscoveryRequest resourceNamesSubscribe */
                        resourceNamesSubscribe?: (string[]|null);

                        /** DeltaDiscoveryRequest resourceNamesUnsubscribe */
                        resourceNamesUnsubscribe?: (string[]|null);

                        /** DeltaDiscoveryRequest initialResourceVersions */
                        initialResourceVersions?: ({ [k: string]: string }|null);

                        /** DeltaDiscoveryRequest responseNonce */
                        responseNonce?: (string|null);

                        /** DeltaDiscoveryRequest errorDetail */
                        errorDetail?: (google.rpc.Status.$Properties|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a DeltaDiscoveryRequest. */
                    type $Shape = envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties;
                }

                /**
                 * Properties of a DeltaDiscoveryResponse.
                 * @deprecated Use envoy.service.discovery.v3.DeltaDiscoveryResponse.$Properties instead.
                 */
                interface IDeltaDiscoveryResponse extends envoy.service.discovery.v3.DeltaDiscoveryResponse.$Properties {
                }

                /** Represents a DeltaDiscoveryResponse. */
                class DeltaDiscoveryResponse {

                    /**
                     * Constructs a new DeltaDiscoveryResponse.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.service.discovery.v3.DeltaDiscoveryResponse.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** DeltaDiscoveryResponse systemVersionInfo. */
                    systemVersionInfo: string;

                    /** DeltaDiscoveryResponse resources. */
                    resources: envoy.service.discovery.v3.Resource.$Properties[];

                    /** DeltaDiscoveryResponse typeUrl. */
                    typeUrl: string;

                    /** DeltaDiscoveryResponse nonce. */
                    nonce: string;

                    /** DeltaDiscoveryResponse removedResources. */
                    removedResources: string[];

                    /**
                     * Encodes the specified DeltaDiscoveryResponse message. Does not implicitly {@link envoy.service.discovery.v3.DeltaDiscoveryResponse.verify|verify} messages.
                     * @param message DeltaDiscoveryResponse message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.service.discovery.v3.DeltaDiscoveryResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a DeltaDiscoveryResponse message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.service.discovery.v3.DeltaDiscoveryResponse & envoy.service.discovery.v3.DeltaDiscoveryResponse.$Shape} DeltaDiscoveryResponse
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.service.discovery.v3.DeltaDiscoveryResponse & envoy.service.discovery.v3.DeltaDiscoveryResponse.$Shape;
                }

                namespace DeltaDiscoveryResponse {

                    /** Properties of a DeltaDiscoveryResponse. */
                    interface $Properties {

                        /** DeltaDiscoveryResponse systemVersionInfo */
                        systemVersionInfo?: (string|null);

                        /** DeltaDiscoveryResponse resources */
                        resources?: (envoy.service.discovery.v3.Resource.$Properties[]|null);

                        /** DeltaDiscoveryResponse typeUrl */
                        typeUrl?: (string|null);

                        /** DeltaDiscoveryResponse nonce */
                        nonce?: (string|null);

                        /** DeltaDiscoveryResponse removedResources */
                        removedResources?: (string[]|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a DeltaDiscoveryResponse. */
                    type $Shape = envoy.service.discovery.v3.DeltaDiscoveryResponse.$Properties;
                }

                /**
                 * Properties of a Resource.
                 * @deprecated Use envoy.service.discovery.v3.Resource.$Properties instead.
                 */
                interface IResource extends envoy.service.discovery.v3.Resource.$Properties {
                }

                /** Represents a Resource. */
                class Resource {

                    /**
                     * Constructs a new Resource.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.service.discovery.v3.Resource.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** Resource version. */
                    version: string;

                    /** Resource resource. */
                    resource?: (google.protobuf.Any.$Properties|null);

                    /** Resource name. */
                    name: string;

                    /**
                     * Encodes the specified Resource message. Does not implicitly {@link envoy.service.discovery.v3.Resource.verify|verify} messages.
                     * @param message Resource message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.service.discovery.v3.Resource.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a Resource message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.service.discovery.v3.Resource & envoy.service.discovery.v3.Resource.$Shape} Resource
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.service.discovery.v3.Resource & envoy.service.discovery.v3.Resource.$Shape;
                }

                namespace Resource {

                    /** Properties of a Resource. */
                    interface $Properties {

                        /** Resource version */
                        version?: (string|null);

                        /** Resource resource */
                        resource?: (google.protobuf.Any.$Properties|null);

                        /** Resource name */
                        name?: (string|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a Resource. */
                    type $Shape = envoy.service.discovery.v3.Resource.$Properties;
                }
            }
        }
    }

    /** Namespace config. */
    namespace config {

        /** Namespace core. */
        namespace core {

            /** Namespace v3. */
            namespace v3 {

                /**
                 * Properties of a HeaderValue.
                 * @deprecated Use envoy.config.core.v3.HeaderValue.$Properties instead.
                 */
                interface IHeaderValue extends envoy.config.core.v3.HeaderValue.$Properties {
                }

                /** Represents a HeaderValue. */
                class HeaderValue {

                    /**
                     * Constructs a new HeaderValue.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.config.core.v3.HeaderValue.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** HeaderValue key. */
                    key: string;

                    /** HeaderValue value. */
                    value: string;

                    /** HeaderValue rawValue. */
                    rawValue: Uint8Array;

                    /**
                     * Encodes the specified HeaderValue message. Does not implicitly {@link envoy.config.core.v3.HeaderValue.verify|verify} messages.
                     * @param message HeaderValue message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.config.core.v3.HeaderValue.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a HeaderValue message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.config.core.v3.HeaderValue & envoy.config.core.v3.HeaderValue.$Shape} HeaderValue
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.config.core.v3.HeaderValue & envoy.config.core.v3.HeaderValue.$Shape;
                }

                namespace HeaderValue {

                    /** Properties of a HeaderValue. */
                    interface $Properties {

                        /** HeaderValue key */
                        key?: (string|null);

                        /** HeaderValue value */
                        value?: (string|null);

                        /** HeaderValue rawValue */
                        rawValue?: (Uint8Array|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a HeaderValue. */
                    type $Shape = envoy.config.core.v3.HeaderValue.$Properties;
                }

                /**
                 * Properties of a HeaderMap.
                 * @deprecated Use envoy.config.core.v3.HeaderMap.$Properties instead.
                 */
                interface IHeaderMap extends envoy.config.core.v3.HeaderMap.$Properties {
                }

                /** Represents a HeaderMap. */
                class HeaderMap {

                    /**
                     * Constructs a new HeaderMap.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.config.core.v3.HeaderMap.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** HeaderMap headers. */
                    headers: envoy.config.core.v3.HeaderValue.$Properties[];

                    /**
                     * Encodes the specified HeaderMap message. Does not implicitly {@link envoy.config.core.v3.HeaderMap.verify|verify} messages.
                     * @param message HeaderMap message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.config.core.v3.HeaderMap.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a HeaderMap message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.config.core.v3.HeaderMap & envoy.config.core.v3.HeaderMap.$Shape} HeaderMap
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.config.core.v3.HeaderMap & envoy.config.core.v3.HeaderMap.$Shape;
                }

                namespace HeaderMap {

                    /** Properties of a HeaderMap. */
                    interface $Properties {

                        /** HeaderMap headers */
                        headers?: (envoy.config.core.v3.HeaderValue.$Properties[]|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a HeaderMap. */
                    type $Shape = envoy.config.core.v3.HeaderMap.$Properties;
                }

                /**
                 * Properties of a HeaderValueOption.
                 * @deprecated Use envoy.config.core.v3.HeaderValueOption.$Properties instead.
                 */
                interface IHeaderValueOption extends envoy.config.core.v3.HeaderValueOption.$Properties {
                }

                /** Represents a HeaderValueOption. */
                class HeaderValueOption {

                    /**
                     * Constructs a new HeaderValueOption.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.config.core.v3.HeaderValueOption.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** HeaderValueOption header. */
                    header?: (envoy.config.core.v3.HeaderValue.$Properties|null);

                    /** HeaderValueOption appendAction. */
                    appendAction: envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;

                    /**
                     * Encodes the specified HeaderValueOption message. Does not implicitly {@link envoy.config.core.v3.HeaderValueOption.verify|verify} messages.
                     * @param message HeaderValueOption message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.config.core.v3.HeaderValueOption.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a HeaderValueOption message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.config.core.v3.HeaderValueOption & envoy.config.core.v3.HeaderValueOption.$Shape} HeaderValueOption
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.config.core.v3.HeaderValueOption & envoy.config.core.v3.HeaderValueOption.$Shape;
                }

                namespace HeaderValueOption {

                    /** Properties of a HeaderValueOption. */
                    interface $Properties {

                        /** HeaderValueOption header */
                        header?: (envoy.config.core.v3.HeaderValue.$Properties|null);

                        /** HeaderValueOption appendAction */
                        appendAction?: (envoy.config.core.v3.HeaderValueOption.HeaderAppendAction|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a HeaderValueOption. */
                    type $Shape = envoy.config.core.v3.HeaderValueOption.$Properties;

                    /** HeaderAppendAction enum. */
                    enum HeaderAppendAction {

                        /** APPEND_IF_EXISTS_OR_ADD value */
                        APPEND_IF_EXISTS_OR_ADD = 0,

                        /** ADD_IF_ABSENT value */
                        ADD_IF_ABSENT = 1,

                        /** OVERWRITE_IF_EXISTS_OR_ADD value */
                        OVERWRITE_IF_EXISTS_OR_ADD = 2,

                        /** OVERWRITE_IF_EXISTS value */
                        OVERWRITE_IF_EXISTS = 3
                    }
                }

                /**
                 * Properties of a Node.
                 * @deprecated Use envoy.config.core.v3.Node.$Properties instead.
                 */
                interface INode extends envoy.config.core.v3.Node.$Properties {
                }

                /** Represents a Node. */
                class Node {

                    /**
                     * Constructs a new Node.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.config.core.v3.Node.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** Node id. */
                    id: string;

                    /**
                     * Encodes the specified Node message. Does not implicitly {@link envoy.config.core.v3.Node.verify|verify} messages.
                     * @param message Node message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.config.core.v3.Node.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a Node message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.config.core.v3.Node & envoy.config.core.v3.Node.$Shape} Node
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.config.core.v3.Node & envoy.config.core.v3.Node.$Shape;
                }

                namespace Node {

                    /** Properties of a Node. */
                    interface $Properties {

                        /** Node id */
                        id?: (string|null);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Shape of a Node. */
                    type $Shape = envoy.config.core.v3.Node.$Properties;
                }

                /**
                 * Properties of a DataSource.
                 * @deprecated Use envoy.config.core.v3.DataSource.$Properties instead.
                 */
                interface IDataSource extends envoy.config.core.v3.DataSource.$Properties {
                }

                /** Represents a DataSource. */
                class DataSource {

                    /**
                     * Constructs a new DataSource.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.config.core.v3.DataSource.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** DataSource inlineBytes. */
                    inlineBytes?: (Uint8Array|null);

                    /** DataSource specifier. */
                    specifier?: "inlineBytes";

                    /**
                     * Encodes the specified DataSource message. Does not implicitly {@link envoy.config.core.v3.DataSource.verify|verify} messages.
                     * @param message DataSource message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.config.core.v3.DataSource.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a DataSource message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.config.core.v3.DataSource & envoy.config.core.v3.DataSource.$Shape} DataSource
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.config.core.v3.DataSource & envoy.config.core.v3.DataSource.$Shape;
                }

                namespace DataSource {

                    /** Properties of a DataSource. */
                    interface $Properties {

                        /** DataSource inlineBytes */
                        inlineBytes?: (Uint8Array|null);

                        /** DataSource specifier */
                        specifier?: "inlineBytes";

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Narrowed shape of a DataSource. */
                    type $Shape = {
                      inlineBytes?: Uint8Array|null;
                      $unknowns?: Uint8Array[];
                    } & (
                      ({ specifier?: undefined; inlineBytes?: null }|{ specifier?: "inlineBytes"; inlineBytes: Uint8Array })
                    );
                }

                /**
                 * Properties of a SocketAddress.
                 * @deprecated Use envoy.config.core.v3.SocketAddress.$Properties instead.
                 */
                interface ISocketAddress extends envoy.config.core.v3.SocketAddress.$Properties {
                }

                /** Represents a SocketAddress. */
                class SocketAddress {

                    /**
                     * Constructs a new SocketAddress.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.config.core.v3.SocketAddress.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** SocketAddress address. */
                    address: string;

                    /** SocketAddress portValue. */
                    portValue?: (number|null);

                    /** SocketAddress portSpecifier. */
                    portSpecifier?: "portValue";

                    /**
                     * Encodes the specified SocketAddress message. Does not implicitly {@link envoy.config.core.v3.SocketAddress.verify|verify} messages.
                     * @param message SocketAddress message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.config.core.v3.SocketAddress.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes a SocketAddress message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.config.core.v3.SocketAddress & envoy.config.core.v3.SocketAddress.$Shape} SocketAddress
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.config.core.v3.SocketAddress & envoy.config.core.v3.SocketAddress.$Shape;
                }

                namespace SocketAddress {

                    /** Properties of a SocketAddress. */
                    interface $Properties {

                        /** SocketAddress address */
                        address?: (string|null);

                        /** SocketAddress portValue */
                        portValue?: (number|null);

                        /** SocketAddress portSpecifier */
                        portSpecifier?: "portValue";

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Narrowed shape of a SocketAddress. */
                    type $Shape = {
                      address?: string|null;
                      portValue?: number|null;
                      $unknowns?: Uint8Array[];
                    } & (
                      ({ portSpecifier?: undefined; portValue?: null }|{ portSpecifier?: "portValue"; portValue: number })
                    );
                }

                /**
                 * Properties of an Address.
                 * @deprecated Use envoy.config.core.v3.Address.$Properties instead.
                 */
                interface IAddress extends envoy.config.core.v3.Address.$Properties {
                }

                /** Represents an Address. */
                class Address {

                    /**
                     * Constructs a new Address.
                     * @param [properties] Properties to set
                     */
                    constructor(properties?: envoy.config.core.v3.Address.$Properties);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];

                    /** Address socketAddress. */
                    socketAddress?: (envoy.config.core.v3.SocketAddress.$Properties|null);

                    /** Address address. */
                    address?: "socketAddress";

                    /**
                     * Encodes the specified Address message. Does not implicitly {@link envoy.config.core.v3.Address.verify|verify} messages.
                     * @param message Address message or plain object to encode
                     * @param [writer] Writer to encode to
                     * @returns Writer
                     */
                    static encode(message: envoy.config.core.v3.Address.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                    /**
                     * Decodes an Address message from the specified reader or buffer.
                     * @param reader Reader or buffer to decode from
                     * @param [length] Message length if known beforehand
                     * @returns {envoy.config.core.v3.Address & envoy.config.core.v3.Address.$Shape} Address
                     * @throws {Error} If the payload is not a reader or valid buffer
                     * @throws {$protobuf.util.ProtocolError} If required fields are missing
                     */
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.config.core.v3.Address & envoy.config.core.v3.Address.$Shape;
                }

                namespace Address {

                    /** Properties of an Address. */
                    interface $Properties {

                        /** Address socketAddress */
                        socketAddress?: (envoy.config.core.v3.SocketAddress.$Properties|null);

                        /** Address address */
                        address?: "socketAddress";

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];
                    }

                    /** Narrowed shape of an Address. */
                    type $Shape = {
                      socketAddress?: envoy.config.core.v3.SocketAddress.$Shape|null;
                      $unknowns?: Uint8Array[];
                    } & (
                      ({ address?: undefined; socketAddress?: null }|{ address?: "socketAddress"; socketAddress: envoy.config.core.v3.SocketAddress.$Shape })
                    );
                }
            }
        }
    }

    /** Namespace type. */
    namespace type {

        /** Namespace v3. */
        namespace v3 {

            /** StatusCode enum. */
            enum StatusCode {

                /** Empty value */
                Empty = 0,

                /** Unauthorized value */
                Unauthorized = 401,

                /** Forbidden value */
                Forbidden = 403,

                /** ProxyAuthenticationRequired value */
                ProxyAuthenticationRequired = 407,

                /** TooManyRequests value */
                TooManyRequests = 429,

                /** ServiceUnavailable value */
                ServiceUnavailable = 503
            }

            /**
             * Properties of a HttpStatus.
             * @deprecated Use envoy.type.v3.HttpStatus.$Properties instead.
             */
            interface IHttpStatus extends envoy.type.v3.HttpStatus.$Properties {
            }

            /** Represents a HttpStatus. */
            class HttpStatus {

                /**
                 * Constructs a new HttpStatus.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: envoy.type.v3.HttpStatus.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** HttpStatus code. */
                code: envoy.type.v3.StatusCode;

                /**
                 * Encodes the specified HttpStatus message. Does not implicitly {@link envoy.type.v3.HttpStatus.verify|verify} messages.
                 * @param message HttpStatus message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: envoy.type.v3.HttpStatus.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a HttpStatus message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {envoy.type.v3.HttpStatus & envoy.type.v3.HttpStatus.$Shape} HttpStatus
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.type.v3.HttpStatus & envoy.type.v3.HttpStatus.$Shape;
            }

            namespace HttpStatus {

                /** Properties of a HttpStatus. */
                interface $Properties {

                    /** HttpStatus code */
                    code?: (envoy.type.v3.StatusCode|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a HttpStatus. */
                type $Shape = envoy.type.v3.HttpStatus.$Properties;
            }
        }
    }

    /** Namespace extensions. */
    namespace extensions {

        /** Namespace transport_sockets. */
        namespace transport_sockets {

            /** Namespace tls. */
            namespace tls {

                /** Namespace v3. */
                namespace v3 {

                    /**
                     * Properties of a Secret.
                     * @deprecated Use envoy.extensions.transport_sockets.tls.v3.Secret.$Properties instead.
                     */
                    interface ISecret extends envoy.extensions.transport_sockets.tls.v3.Secret.$Properties {
                    }

                    /** Represents a Secret. */
                    class Secret {

                        /**
                         * Constructs a new Secret.
                         * @param [properties] Properties to set
                         */
                        constructor(properties?: envoy.extensions.transport_sockets.tls.v3.Secret.$Properties);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];

                        /** Secret name. */
                        name: string;

                        /** Secret tlsCertificate. */
                        tlsCertificate?: (envoy.extensions.transport_sockets.tls.v3.TlsCertificate.$Properties|null);

                        /** Secret type. */
                        type?: "tlsCertificate";

                        /**
                         * Encodes the specified Secret message. Does not implicitly {@link envoy.extensions.transport_sockets.tls.v3.Secret.verify|verify} messages.
                         * @param message Secret message or plain object to encode
                         * @param [writer] Writer to encode to
                         * @returns Writer
                         */
                        static encode(message: envoy.extensions.transport_sockets.tls.v3.Secret.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                        /**
                         * Decodes a Secret message from the specified reader or buffer.
                         * @param reader Reader or buffer to decode from
                         * @param [length] Message length if known beforehand
                         * @returns {envoy.extensions.transport_sockets.tls.v3.Secret & envoy.extensions.transport_sockets.tls.v3.Secret.$Shape} Secret
                         * @throws {Error} If the payload is not a reader or valid buffer
                         * @throws {$protobuf.util.ProtocolError} If required fields are missing
                         */
                        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.extensions.transport_sockets.tls.v3.Secret & envoy.extensions.transport_sockets.tls.v3.Secret.$Shape;
                    }

                    namespace Secret {

                        /** Properties of a Secret. */
                        interface $Properties {

                            /** Secret name */
                            name?: (string|null);

                            /** Secret tlsCertificate */
                            tlsCertificate?: (envoy.extensions.transport_sockets.tls.v3.TlsCertificate.$Properties|null);

                            /** Secret type */
                            type?: "tlsCertificate";

                            /** Unknown fields preserved while decoding when enabled */
                            $unknowns?: Uint8Array[];
                        }

                        /** Narrowed shape of a Secret. */
                        type $Shape = {
                          name?: string|null;
                          tlsCertificate?: envoy.extensions.transport_sockets.tls.v3.TlsCertificate.$Shape|null;
                          $unknowns?: Uint8Array[];
                        } & (
                          ({ type?: undefined; tlsCertificate?: null }|{ type?: "tlsCertificate"; tlsCertificate: envoy.extensions.transport_sockets.tls.v3.TlsCertificate.$Shape })
                        );
                    }

                    /**
                     * Properties of a TlsCertificate.
                     * @deprecated Use envoy.extensions.transport_sockets.tls.v3.TlsCertificate.$Properties instead.
                     */
                    interface ITlsCertificate extends envoy.extensions.transport_sockets.tls.v3.TlsCertificate.$Properties {
                    }

                    /** Represents a TlsCertificate. */
                    class TlsCertificate {

                        /**
                         * Constructs a new TlsCertificate.
                         * @param [properties] Properties to set
                         */
                        constructor(properties?: envoy.extensions.transport_sockets.tls.v3.TlsCertificate.$Properties);

                        /** Unknown fields preserved while decoding when enabled */
                        $unknowns?: Uint8Array[];

                        /** TlsCertificate certificateChain. */
                        certificateChain?: (envoy.config.core.v3.DataSource.$Properties|null);

                        /** TlsCertificate privateKey. */
                        privateKey?: (envoy.config.core.v3.DataSource.$Properties|null);

                        /**
                         * Encodes the specified TlsCertificate message. Does not implicitly {@link envoy.extensions.transport_sockets.tls.v3.TlsCertificate.verify|verify} messages.
                         * @param message TlsCertificate message or plain object to encode
                         * @param [writer] Writer to encode to
                         * @returns Writer
                         */
                        static encode(message: envoy.extensions.transport_sockets.tls.v3.TlsCertificate.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                        /**
                         * Decodes a TlsCertificate message from the specified reader or buffer.
                         * @param reader Reader or buffer to decode from
                         * @param [length] Message length if known beforehand
                         * @returns {envoy.extensions.transport_sockets.tls.v3.TlsCertificate & envoy.extensions.transport_sockets.tls.v3.TlsCertificate.$Shape} TlsCertificate
                         * @throws {Error} If the payload is not a reader or valid buffer
                         * @throws {$protobuf.util.ProtocolError} If required fields are missing
                         */
                        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): envoy.extensions.transport_sockets.tls.v3.TlsCertificate & envoy.extensions.transport_sockets.tls.v3.TlsCertificate.$Shape;
                    }

                    namespace TlsCertificate {

                        /** Properties of a TlsCertificate. */
                        interface $Properties {

                            /** TlsCertificate certificateChain */
                            certificateChain?: (envoy.config.core.v3.DataSource.$Properties|null);

                            /** TlsCertificate privateKey */
                            privateKey?: (envoy.config.core.v3.DataSource.$Properties|null);

                            /** Unknown fields preserved while decoding when enabled */
                            $unknowns?: Uint8Array[];
                        }

                        /** Shape of a TlsCertificate. */
                        type $Shape = {
                          certificateChain?: envoy.config.core.v3.DataSource.$Shape|null;
                          privateKey?: envoy.config.core.v3.DataSource.$Shape|null;
                          $unknowns?: Uint8Array[];
                        };
                    }
                }
            }
        }
    }
}

/** Namespace google. */
export namespace google {

    /** Namespace protobuf. */
    namespace protobuf {

        /**
         * Properties of a Struct.
         * @deprecated Use google.protobuf.Struct.$Properties instead.
         */
        interface IStruct extends google.protobuf.Struct.$Properties {
        }

        /** Represents a Struct. */
        class Struct {

            /**
             * Constructs a new Struct.
             * @param [properties] Properties to set
             */
            constructor(properties?: google.protobuf.Struct.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Struct fields. */
            fields: { [k: string]: google.protobuf.Value.$Properties };

            /**
             * Encodes the specified Struct message. Does not implicitly {@link google.protobuf.Struct.verify|verify} messages.
             * @param message Struct message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: google.protobuf.Struct.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Struct message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {google.protobuf.Struct & google.protobuf.Struct.$Shape} Struct
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): google.protobuf.Struct & google.protobuf.Struct.$Shape;
        }

        namespace Struct {

            /** Properties of a Struct. */
            interface $Properties {

                /** Struct fields */
                fields?: ({ [k: string]: google.protobuf.Value.$Properties }|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Struct. */
            type $Shape = {
              fields?: { [k: string]: google.protobuf.Value.$Shape }|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a Value.
         * @deprecated Use google.protobuf.Value.$Properties instead.
         */
        interface IValue extends google.protobuf.Value.$Properties {
        }

        /** Represents a Value. */
        class Value {

            /**
             * Constructs a new Value.
             * @param [properties] Properties to set
             */
            constructor(properties?: google.protobuf.Value.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Value nullValue. */
            nullValue?: (google.protobuf.NullValue|null);

            /** Value numberValue. */
            numberValue?: (number|null);

            /** Value stringValue. */
            stringValue?: (string|null);

            /** Value boolValue. */
            boolValue?: (boolean|null);

            /** Value structValue. */
            structValue?: (google.protobuf.Struct.$Properties|null);

            /** Value listValue. */
            listValue?: (google.protobuf.ListValue.$Properties|null);

            /** Value kind. */
            kind?: ("nullValue"|"numberValue"|"stringValue"|"boolValue"|"structValue"|"listValue");

            /**
             * Encodes the specified Value message. Does not implicitly {@link google.protobuf.Value.verify|verify} messages.
             * @param message Value message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: google.protobuf.Value.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Value message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {google.protobuf.Value & google.protobuf.Value.$Shape} Value
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): google.protobuf.Value & google.protobuf.Value.$Shape;
        }

        namespace Value {

            /** Properties of a Value. */
            interface $Properties {

                /** Value nullValue */
                nullValue?: (google.protobuf.NullValue|null);

                /** Value numberValue */
                numberValue?: (number|null);

                /** Value stringValue */
                stringValue?: (string|null);

                /** Value boolValue */
                boolValue?: (boolean|null);

                /** Value structValue */
                structValue?: (google.protobuf.Struct.$Properties|null);

                /** Value listValue */
                listValue?: (google.protobuf.ListValue.$Properties|null);

                /** Value kind */
                kind?: ("nullValue"|"numberValue"|"stringValue"|"boolValue"|"structValue"|"listValue");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Value. */
            type $Shape = {
              nullValue?: google.protobuf.NullValue|null;
              numberValue?: number|null;
              stringValue?: string|null;
              boolValue?: boolean|null;
              structValue?: google.protobuf.Struct.$Shape|null;
              listValue?: google.protobuf.ListValue.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ kind?: undefined; nullValue?: null; numberValue?: null; stringValue?: null; boolValue?: null; structValue?: null; listValue?: null }|{ kind?: "nullValue"; nullValue: google.protobuf.NullValue; numberValue?: null; stringValue?: null; boolValue?: null; structValue?: null; listValue?: null }|{ kind?: "numberValue"; nullValue?: null; numberValue: number; stringValue?: null; boolValue?: null; structValue?: null; listValue?: null }|{ kind?: "stringValue"; nullValue?: null; numberValue?: null; stringValue: string; boolValue?: null; structValue?: null; listValue?: null }|{ kind?: "boolValue"; nullValue?: null; numberValue?: null; stringValue?: null; boolValue: boolean; structValue?: null; listValue?: null }|{ kind?: "structValue"; nullValue?: null; numberValue?: null; stringValue?: null; boolValue?: null; structValue: google.protobuf.Struct.$Shape; listValue?: null }|{ kind?: "listValue"; nullValue?: null; numberValue?: null; stringValue?: null; boolValue?: null; structValue?: null; listValue: google.protobuf.ListValue.$Shape })
            );
        }

        /** NullValue enum. */
        enum NullValue {

            /** NULL_VALUE value */
            NULL_VALUE = 0
        }

        /**
         * Properties of a ListValue.
         * @deprecated Use google.protobuf.ListValue.$Properties instead.
         */
        interface IListValue extends google.protobuf.ListValue.$Properties {
        }

        /** Represents a ListValue. */
        class ListValue {

            /**
             * Constructs a new ListValue.
             * @param [properties] Properties to set
             */
            constructor(properties?: google.protobuf.ListValue.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListValue values. */
            values: google.protobuf.Value.$Properties[];

            /**
             * Encodes the specified ListValue message. Does not implicitly {@link google.protobuf.ListValue.verify|verify} messages.
             * @param message ListValue message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: google.protobuf.ListValue.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListValue message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {google.protobuf.ListValue & google.protobuf.ListValue.$Shape} ListValue
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): google.protobuf.ListValue & google.protobuf.ListValue.$Shape;
        }

        namespace ListValue {

            /** Properties of a ListValue. */
            interface $Properties {

                /** ListValue values */
                values?: (google.protobuf.Value.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListValue. */
            type $Shape = {
              values?: google.protobuf.Value.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of an Any.
         * @deprecated Use google.protobuf.Any.$Properties instead.
         */
        interface IAny extends google.protobuf.Any.$Properties {
        }

        /** Represents an Any. */
        class Any {

            /**
             * Constructs a new Any.
             * @param [properties] Properties to set
             */
            constructor(properties?: google.protobuf.Any.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Any type_url. */
            type_url: string;

            /** Any value. */
            value: Uint8Array;

            /**
             * Encodes the specified Any message. Does not implicitly {@link google.protobuf.Any.verify|verify} messages.
             * @param message Any message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: google.protobuf.Any.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Any message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {google.protobuf.Any & google.protobuf.Any.$Shape} Any
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): google.protobuf.Any & google.protobuf.Any.$Shape;
        }

        namespace Any {

            /** Properties of an Any. */
            interface $Properties {

                /** Any type_url */
                type_url?: (string|null);

                /** Any value */
                value?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Any. */
            type $Shape = google.protobuf.Any.$Properties;
        }
    }

    /** Namespace rpc. */
    namespace rpc {

        /**
         * Properties of a Status.
         * @deprecated Use google.rpc.Status.$Properties instead.
         */
        interface IStatus extends google.rpc.Status.$Properties {
        }

        /** Represents a Status. */
        class Status {

            /**
             * Constructs a new Status.
             * @param [properties] Properties to set
             */
            constructor(properties?: google.rpc.Status.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Status code. */
            code: number;

            /**
             * Encodes the specified Status message. Does not implicitly {@link google.rpc.Status.verify|verify} messages.
             * @param message Status message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: google.rpc.Status.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Status message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {google.rpc.Status & google.rpc.Status.$Shape} Status
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): google.rpc.Status & google.rpc.Status.$Shape;
        }

        namespace Status {

            /** Properties of a Status. */
            interface $Properties {

                /** Status code */
                code?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Status. */
            type $Shape = google.rpc.Status.$Properties;
        }
    }
}

/** Namespace grpc. */
export namespace grpc {

    /** Namespace health. */
    namespace health {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of a HealthCheckRequest.
             * @deprecated Use grpc.health.v1.HealthCheckRequest.$Properties instead.
             */
            interface IHealthCheckRequest extends grpc.health.v1.HealthCheckRequest.$Properties {
            }

            /** Represents a HealthCheckRequest. */
            class HealthCheckRequest {

                /**
                 * Constructs a new HealthCheckRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.health.v1.HealthCheckRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** HealthCheckRequest service. */
                service: string;

                /**
                 * Encodes the specified HealthCheckRequest message. Does not implicitly {@link grpc.health.v1.HealthCheckRequest.verify|verify} messages.
                 * @param message HealthCheckRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.health.v1.HealthCheckRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a HealthCheckRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.health.v1.HealthCheckRequest & grpc.health.v1.HealthCheckRequest.$Shape} HealthCheckRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.health.v1.HealthCheckRequest & grpc.health.v1.HealthCheckRequest.$Shape;
            }

            namespace HealthCheckRequest {

                /** Properties of a HealthCheckRequest. */
                interface $Properties {

                    /** HealthCheckRequest service */
                    service?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a HealthCheckRequest. */
                type $Shape = grpc.health.v1.HealthCheckRequest.$Properties;
            }

            /**
             * Properties of a HealthCheckResponse.
             * @deprecated Use grpc.health.v1.HealthCheckResponse.$Properties instead.
             */
            interface IHealthCheckResponse extends grpc.health.v1.HealthCheckResponse.$Properties {
            }

            /** Represents a HealthCheckResponse. */
            class HealthCheckResponse {

                /**
                 * Constructs a new HealthCheckResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.health.v1.HealthCheckResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** HealthCheckResponse status. */
                status: grpc.health.v1.HealthCheckResponse.ServingStatus;

                /**
                 * Encodes the specified HealthCheckResponse message. Does not implicitly {@link grpc.health.v1.HealthCheckResponse.verify|verify} messages.
                 * @param message HealthCheckResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.health.v1.HealthCheckResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a HealthCheckResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.health.v1.HealthCheckResponse & grpc.health.v1.HealthCheckResponse.$Shape} HealthCheckResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.health.v1.HealthCheckResponse & grpc.health.v1.HealthCheckResponse.$Shape;
            }

            namespace HealthCheckResponse {

                /** Properties of a HealthCheckResponse. */
                interface $Properties {

                    /** HealthCheckResponse status */
                    status?: (grpc.health.v1.HealthCheckResponse.ServingStatus|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a HealthCheckResponse. */
                type $Shape = grpc.health.v1.HealthCheckResponse.$Properties;

                /** ServingStatus enum. */
                enum ServingStatus {

                    /** UNKNOWN value */
                    UNKNOWN = 0,

                    /** SERVING value */
                    SERVING = 1,

                    /** NOT_SERVING value */
                    NOT_SERVING = 2,

                    /** SERVICE_UNKNOWN value */
                    SERVICE_UNKNOWN = 3
                }
            }
        }
    }
}
