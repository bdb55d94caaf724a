// Writes the official definitions that proto/ is a subset of, as a FileDescriptorSet, to the path in argv.
// Source information and options stay behind: the comparison is about names, numbers, types and labels.
package main

import (
	"log"
	"os"
	"sort"

	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	_ "google.golang.org/genproto/googleapis/rpc/status"
	_ "google.golang.org/grpc/health/grpc_health_v1"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The files whose import closure is kept.
var roots = []string{
	"envoy/extensions/transport_sockets/tls/v3/secret.proto",
	"envoy/service/auth/v3/external_auth.proto",
	"envoy/service/ext_proc/v3/external_processor.proto",
	"envoy/service/secret/v3/sds.proto",
	"grpc/health/v1/health.proto",
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: descriptor <output file>")
	}
	files := map[string]*descriptorpb.FileDescriptorProto{}
	for _, path := range roots {
		file, err := protoregistry.GlobalFiles.FindFileByPath(path)
		if err != nil {
			log.Fatalf("%s: %v", path, err)
		}
		collect(file, files)
	}
	set := &descriptorpb.FileDescriptorSet{}
	for _, file := range files {
		set.File = append(set.File, file)
	}
	sort.Slice(set.File, func(i, j int) bool { return set.File[i].GetName() < set.File[j].GetName() })
	bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(os.Args[1], bytes, 0o644); err != nil {
		log.Fatal(err)
	}
}

func collect(file protoreflect.FileDescriptor, into map[string]*descriptorpb.FileDescriptorProto) {
	if into[file.Path()] != nil {
		return
	}
	into[file.Path()] = protodesc.ToFileDescriptorProto(file)
	for i := 0; i < file.Imports().Len(); i++ {
		collect(file.Imports().Get(i).FileDescriptor, into)
	}
}
