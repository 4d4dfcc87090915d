// An independent IPFS peer: boxo bitswap over go-libp2p in a private network. Commands come as JSON lines on stdin, answers go
// as JSON lines to stdout; it ends with its stdin.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/ipfs/boxo/bitswap"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	"github.com/ipfs/boxo/blockservice"
	"github.com/ipfs/boxo/blockstore"
	"github.com/ipfs/boxo/chunker"
	"github.com/ipfs/boxo/ipld/merkledag"
	"github.com/ipfs/boxo/ipld/unixfs/importer/balanced"
	"github.com/ipfs/boxo/ipld/unixfs/importer/helpers"
	unixfs "github.com/ipfs/boxo/ipld/unixfs/io"
	"github.com/ipfs/go-cid"
	flatfs "github.com/ipfs/go-ds-flatfs"
	ipld "github.com/ipfs/go-ipld-format"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/pnet"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

type config struct {
	Store, Identity, SwarmKey, Listen string
}
type command struct {
	Do, File, Address, Root string
	TimeoutMs               int
}
type answer map[string]any

func main() {
	var c config
	check(json.Unmarshal([]byte(os.Args[1]), &c))
	ctx := context.Background()

	options := []libp2p.Option{
		libp2p.Identity(identity(c.Identity)),
		libp2p.ListenAddrStrings(c.Listen),
		libp2p.Transport(tcp.NewTCPTransport), // a private network cannot use QUIC or WebTransport
		libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.DisableRelay(), libp2p.DisableMetrics(),
	}
	file, err := os.Open(c.SwarmKey)
	check(err)
	psk, err := pnet.DecodeV1PSK(file)
	check(err)
	options = append(options, libp2p.PrivateNetwork(psk))
	host, err := libp2p.New(options...)
	check(err)

	ds, err := flatfs.CreateOrOpen(c.Store, flatfs.NextToLast(2), false) // Kubo's default store, without its fsync
	check(err)
	blocks := blockstore.NewBlockstore(ds, blockstore.NoPrefix())
	exchange := bitswap.New(ctx, bsnet.NewFromIpfsHost(host), nil, blocks) // no routing: connected peers only
	service := blockservice.New(blocks, exchange)
	dag := merkledag.NewDAGService(service)

	say(answer{"ready": host.ID().String(), "address": fmt.Sprintf("%s/p2p/%s", host.Addrs()[0], host.ID())})
	cpu0 := cpuMs()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var cmd command
		check(json.Unmarshal(lines.Bytes(), &cmd))
		start, cpu := time.Now(), cpuMs()
		timeout := time.Duration(cmd.TimeoutMs) * time.Millisecond
		if timeout == 0 {
			timeout = time.Minute
		}
		within, cancel := context.WithTimeout(ctx, timeout)
		out, err := answer{}, error(nil)
		switch cmd.Do {
		case "add":
			out["root"], err = add(within, dag, cmd.File)
		case "dial":
			var info *peer.AddrInfo
			if info, err = peer.AddrInfoFromString(cmd.Address); err == nil {
				err = host.Connect(within, *info)
			}
		case "fetch":
			err = fetch(within, merkledag.NewSession(within, dag), cmd.Root, out)
		case "drop":
			err = blocks.DeleteBlock(within, cid.MustParse(cmd.Root))
		case "cpu":
			now := cpuMs()
			out["sinceLastMs"], cpu0 = now-cpu0, now
		case "quit":
			say(answer{"ok": "quit"})
			os.Exit(0)
		}
		cancel()
		if err != nil {
			say(answer{"error": err.Error(), "do": cmd.Do})
			continue
		}
		out["ok"], out["cpuMs"], out["maxRssMB"] = cmd.Do, cpuMs()-cpu, maxRssMB()
		out["ms"] = float64(time.Since(start).Microseconds()) / 1000
		say(out)
	}
}

// add imports a file by the profile unixfs-v1-2025: 1 MiB raw leaves, balanced, CIDv1, 1024 links at most.
func add(ctx context.Context, dag ipld.DAGService, name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	params := helpers.DagBuilderParams{Dagserv: dag, RawLeaves: true, Maxlinks: 1024, CidBuilder: cid.V1Builder{Codec: cid.DagProtobuf, MhType: 0x12}}
	builder, err := params.New(chunk.NewSizeSplitter(file, 1<<20))
	if err != nil {
		return "", err
	}
	root, err := balanced.Layout(builder)
	if err != nil {
		return "", err
	}
	return root.Cid().String(), nil
}

// fetch reads the whole file through boxo's own UnixFS reader, which asks bitswap for what is missing.
func fetch(ctx context.Context, getter ipld.NodeGetter, root string, out answer) error {
	node, err := getter.Get(ctx, cid.MustParse(root))
	if err != nil {
		return err
	}
	reader, err := unixfs.NewDagReader(ctx, node, getter)
	if err != nil {
		return err
	}
	hash := sha256.New()
	n, err := io.Copy(hash, reader)
	out["bytes"], out["sha256"] = n, hex.EncodeToString(hash.Sum(nil))
	return err
}

// identity is the peer's key, made on first use: who starts again on the same file is the same peer.
func identity(name string) crypto.PrivKey {
	if raw, err := os.ReadFile(name); err == nil {
		key, err := crypto.UnmarshalPrivateKey(raw)
		check(err)
		return key
	}
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	check(err)
	raw, err := crypto.MarshalPrivateKey(key)
	check(err)
	check(os.WriteFile(name, raw, 0o600))
	return key
}

func cpuMs() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return (u.Utime.Nano() + u.Stime.Nano()) / 1e6
}

func maxRssMB() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Maxrss / 1024
}

func say(a answer) { json.NewEncoder(os.Stdout).Encode(a) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
