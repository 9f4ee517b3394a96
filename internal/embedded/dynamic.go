package embedded

import (
	"time"

	"go.temporal.io/server/common/dynamicconfig"
)

// unlimited replaces rate limits that protect a shared cluster from its users.
// Here there is one user, and the machine itself is the limit.
const unlimited = 100_000

// dynamicConfig is what the server looks up while it runs. Numbers must be of
// type int: the server ignores any other type and takes its default.
func dynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		dynamicconfig.FrontendRPS.Key():                                         unlimited,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():                  unlimited,
		dynamicconfig.HistoryRPS.Key():                                          unlimited,
		dynamicconfig.MatchingRPS.Key():                                         unlimited,
		dynamicconfig.FrontendMaxConcurrentLongRunningRequestsPerInstance.Key(): 10_000,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                           unlimited,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                            unlimited,
		dynamicconfig.MatchingPersistenceMaxQPS.Key():                           unlimited,
		dynamicconfig.WorkerPersistenceMaxQPS.Key():                             1000,
		dynamicconfig.VisibilityPersistenceMaxWriteQPS.Key():                    unlimited,
		dynamicconfig.VisibilityPersistenceMaxReadQPS.Key():                     unlimited,
		// The default of 10 lists a second is reached by one open UI page.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 200,

		// Partitions spread a task queue over hosts; there is one host.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		// A saga lives well under a second. Polled once a second, most are closed
		// when their "started" record comes up, which is then skipped: one visibility
		// write for each instead of two, and the saga need not be loaded for it. A
		// list of the UI is that second late. Rows that are written at the same time
		// share a commit: see visibilityWriter.
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key():           1,
		dynamicconfig.VisibilityTaskBatchSize.Key():                 2000,
		dynamicconfig.VisibilityProcessorSchedulerWorkerCount.Key(): 16,

		// Read tasks often and in big batches, run them on few workers: all of
		// them wait for one SQLite connection, and a task that waits for more
		// than 3 s is given up and tried again.
		dynamicconfig.TransferProcessorMaxPollRPS.Key():           200,
		dynamicconfig.TransferTaskBatchSize.Key():                 500,
		dynamicconfig.TransferProcessorSchedulerWorkerCount.Key(): 32,
		dynamicconfig.TimerTaskBatchSize.Key():                    500,
		dynamicconfig.TimerProcessorSchedulerWorkerCount.Key():    16,

		// A saga is looked at for some seconds after its end: its visibility, and the
		// timer of its first task. Kept for longer, as by default, those of an hour
		// fill hundreds of megabytes (about 30 kB each).
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key(): 2048,
		dynamicconfig.HistoryCacheTTL.Key():              time.Minute,

		// Payloads are in the histories and nowhere else: there is none to look for.
		dynamicconfig.ExternalPayloadsEnabled.Key(): false,

		// Numbers that nobody reads.
		dynamicconfig.PersistenceHealthSignalMetricsEnabled.Key():     false,
		dynamicconfig.PersistenceHealthSignalAggregationEnabled.Key(): false,
		dynamicconfig.HistoryHealthSignalMetricsEnabled.Key():         false,
		dynamicconfig.MetricsBreakdownByTaskQueue.Key():               false,
		dynamicconfig.MetricsBreakdownByPartition.Key():               false,
		dynamicconfig.MetricsBreakdownByBuildID.Key():                 false,

		// Sagas have no child workflows.
		dynamicconfig.EnableParentClosePolicyWorker.Key(): false,
		// Nothing in this process calls home.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
		// Clients live in this process: no need to make them reconnect.
		dynamicconfig.KeepAliveMaxConnectionAge.Key(): 24 * time.Hour,

		dynamicconfig.WorkflowPauseEnabled.Key():                            true,
		dynamicconfig.FrontendMaxConcurrentBatchOperationPerNamespace.Key(): 5,
	}
}
