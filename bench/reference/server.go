package reference

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
)

const (
	// Namespace is the one that the CLI's server makes.
	Namespace = "default"

	loopback    = "127.0.0.1"
	clusterName = "active"
	storeName   = "sqlite-default"
	disabled    = "disabled"
)

// dynamicConfig is what `temporal server start-dev` sets, and nothing more.
func dynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():                 8096,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key():      true,
		dynamicconfig.ForceNexusEndpointRefreshOnRead.Key():              true,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                    10_000,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                     45_000,
	}
}

// StartServer starts a server as `temporal server start-dev --headless` does:
// one shard, everything in one SQLite database in memory, the server's own
// schema, metrics collected. It returns the frontend's address.
func StartServer() (server temporal.Server, address string, err error) {
	ports, err := freePorts(6)
	if err != nil {
		return nil, "", err
	}
	database, err := memory()
	if err != nil {
		return nil, "", err
	}
	c := serverConfig(ports, database)
	server, err = temporal.NewServer(
		temporal.WithConfig(c),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts(c)),
		temporal.WithLogger(log.NewZapLogger(log.BuildZapLogger(log.Config{Level: "warn"}))),
		temporal.WithDynamicConfigClient(dynamicConfig()),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
	)
	if err != nil {
		return nil, "", fmt.Errorf("build the reference's server: %w", err)
	}
	return server, c.PublicClient.HostPort, server.Start()
}

// memory is an empty database with the schema and the namespace. It lives as
// long as a connection to it does, and the server's pool keeps one.
func memory() (*config.SQL, error) {
	database := &config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      strconv.Itoa(rand.IntN(10_000_000)), //nolint:gosec // G404: a name, not a secret
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
	namespace, err := sqlite.NewNamespaceConfig(clusterName, Namespace, false, nil)
	if err != nil {
		return nil, err
	}
	if err := sqlite.CreateNamespaces(database, namespace); err != nil {
		return nil, fmt.Errorf("make the namespace: %w", err)
	}
	return database, nil
}

func serverConfig(ports []int, database *config.SQL) *config.Config {
	frontend := net.JoinHostPort(loopback, strconv.Itoa(ports[0]))
	services := map[string]config.Service{}
	for n, name := range []primitives.ServiceName{primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService} {
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: ports[n], BindOnIP: loopback}}
	}
	c := &config.Config{
		Global: config.Global{
			Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: loopback},
			Metrics: &metrics.Config{Prometheus: &metrics.PrometheusConfig{
				ListenAddress: net.JoinHostPort(loopback, strconv.Itoa(ports[4])), HandlerPath: "/metrics",
			}},
		},
		Services: services,
		Persistence: config.Persistence{
			DefaultStore: storeName, VisibilityStore: storeName, NumHistoryShards: 1,
			DataStores: map[string]config.DataStore{storeName: {SQL: database}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10, MasterClusterName: clusterName, CurrentClusterName: clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend, ClusterID: uuid.NewString()},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: frontend},
	}
	frontendService := c.Services[string(primitives.FrontendService)]
	frontendService.RPC.HTTPPort = ports[5]
	c.Services[string(primitives.FrontendService)] = frontendService
	c.Archival.History.State, c.Archival.Visibility.State = disabled, disabled
	c.NamespaceDefaults.Archival.History.State, c.NamespaceDefaults.Archival.Visibility.State = disabled, disabled
	return c
}

// hosts replaces the gossip by which hosts of a cluster find each other.
func hosts(c *config.Config) map[primitives.ServiceName]static.Hosts {
	found := map[primitives.ServiceName]static.Hosts{}
	for name, service := range c.Services {
		found[primitives.ServiceName(name)] = static.SingleLocalHost(net.JoinHostPort(loopback, strconv.Itoa(service.RPC.GRPCPort)))
	}
	return found
}

// freePorts are ports that nobody listens on. Another program may take one
// before it is used; the start then fails.
func freePorts(count int) ([]int, error) {
	var ports []int
	for range count {
		listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0")) //nolint:noctx // it does not wait
		if err != nil {
			return nil, err
		}
		defer func() { _ = listener.Close() }() // all at the end, so that they differ
		address, ok := listener.Addr().(*net.TCPAddr)
		if !ok {
			return nil, fmt.Errorf("listened on %v, which has no port", listener.Addr())
		}
		ports = append(ports, address.Port)
	}
	return ports, nil
}
