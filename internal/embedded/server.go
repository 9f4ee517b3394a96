package embedded

import (
	"errors"
	"sync"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	mainStore       = "main"
	visibilityStore = "visibility"
	disabled        = "disabled"
	// historyShards can never change for a folder. One is enough: shards let
	// hosts and connections work side by side, here there is one of each, and
	// every further shard polls the same file for its own tasks.
	historyShards = 1
)

// ports of the four services of one server on this host.
type ports map[primitives.ServiceName]int

// choosePorts looks for what the services behind the frontend listen on.
func choosePorts(frontend int) (ports, error) {
	chosen := ports{primitives.FrontendService: frontend}
	for _, service := range []primitives.ServiceName{primitives.HistoryService, primitives.MatchingService, primitives.WorkerService} {
		port, err := freePort("Temporal " + string(service))
		if err != nil {
			return nil, err
		}
		chosen[service] = port
	}
	return chosen, nil
}

// building guards newServer: the server's packages set up things of the whole
// process while one is built.
var building sync.Mutex

// newServer builds a server that has not started. It can be started once.
func newServer(p ports, main, visibility file, logger *serverLog) (temporal.Server, error) {
	building.Lock()
	defer building.Unlock()
	logger.building.Store(true)
	defer logger.building.Store(false)
	return temporal.NewServer(
		temporal.WithConfig(serverConfig(p, main, visibility)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(staticHosts(p)),
		temporal.WithLogger(logger),
		temporal.WithDynamicConfigClient(dynamicConfig()),
		// Whoever reaches a loopback port of this machine may do everything.
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
}

// staticHosts replaces the gossip by which hosts of a cluster find each other.
func staticHosts(p ports) map[primitives.ServiceName]static.Hosts {
	hosts := map[primitives.ServiceName]static.Hosts{}
	for service, port := range p {
		hosts[service] = static.SingleLocalHost(address(port))
	}
	return hosts
}

// serverConfig leaves Global.Metrics and Global.PProf out: no metrics are
// collected and no further port is opened.
func serverConfig(p ports, main, visibility file) *config.Config {
	frontend := address(p[primitives.FrontendService])
	services := map[string]config.Service{}
	for service, port := range p {
		services[string(service)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: loopback}}
	}
	return &config.Config{
		Global: config.Global{
			Membership: config.Membership{MaxJoinDuration: 5 * time.Second, BroadcastAddress: loopback},
		},
		Services:    services,
		Persistence: persistenceConfig(main, visibility),
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: disabled},
			Visibility: config.VisibilityArchival{State: disabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: disabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: disabled},
		}},
		PublicClient: config.PublicClient{HostPort: frontend},
	}
}

func persistenceConfig(main, visibility file) config.Persistence {
	return config.Persistence{
		DefaultStore:     mainStore,
		VisibilityStore:  visibilityStore,
		NumHistoryShards: historyShards,
		DataStores: map[string]config.DataStore{
			mainStore:       {SQL: main.config(sqliteplugin.PluginName)},
			visibilityStore: {SQL: visibility.config(visibilityPluginName)},
		},
	}
}

// errAborted stands for a start whose goroutine ended in serverLog.Fatal.
var errAborted = errors.New("temporal server: aborted")

// guarded runs f on a goroutine of its own, because serverLog.Fatal ends the
// goroutine it is called on, and waits for it either way.
func guarded(f func() error) error {
	done := make(chan error, 1)
	go func() {
		err := errAborted
		defer func() {
			if p := recover(); p != nil && p != any(errAborted) {
				panic(p)
			}
			done <- err
		}()
		err = f()
	}()
	return <-done
}
