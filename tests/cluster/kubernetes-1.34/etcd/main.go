// The upstream etcd of the version that this API server is released with: Debian's, of the line 3.4, cannot tell a watch how far it
// has come, without which the API server refuses to stream a list.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
