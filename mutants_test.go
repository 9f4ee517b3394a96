package skald_test

// mutants are the bugs that sagas are known for, planted one at a time.
var mutants = []mutant{
	{
		name:    "undo only what this run remembers",
		promise: "compensation undoes every declared step (UndoAllDeclared)",
		file:    "workflows/saga/compensate.go",
		edits: []string{
			"for _, step := range steps {\n", "for _, step := range steps {\n\t\tif !r.log.remembers(step.Name) {\n\t\t\tcontinue\n\t\t}\n",
			"package saga\n", "package saga\n\nfunc (l Log) remembers(step string) bool {\n\tfor _, e := range l {\n\t\tif e.Step == step && e.Outcome == Done {\n\t\t\treturn true\n\t\t}\n\t}\n\treturn false\n}\n",
		},
		pkg: "workflows", test: "TestEveryFailureOfEveryStepUndoesEverythingLastFirst",
	},
	{
		name:    "undo on the cancelled context",
		promise: "an undo is not interrupted by what made it necessary",
		file:    "workflows/saga/run.go",
		edits:   []string{"disconnected, _ := workflow.NewDisconnectedContext(ctx)", "disconnected := ctx"},
		pkg:     "workflows/saga", test: "TestNeitherAnUndoNorAHookIsInterrupted",
	},
	{
		name:    "cancel decided from workflow memory",
		promise: "the store decides about a cancel (StoreDecidesCancel)",
		file:    "workflows/order.go",
		edits:   []string{"\t\tCancel:       requestCancel,\n", "", "func requestCancel(", "var _ = requestCancel\n\nfunc requestCancel("},
		pkg:     "workflows", test: "TestARefusedCancelKeepsTheStepGoing",
	},
	{
		name:    "no barrier row",
		promise: "a do that lands after its undo is refused (BarrierRow)",
		file:    "internal/store/effect.go",
		edits:   []string{"return effect, o.record(effect)", "return effect, nil"},
		pkg:     "internal/store", test: "TestBothEnginesKeepEveryPromiseOfTheStore",
	},
	{
		name:    "barrier row read without the order lock",
		promise: "the order row is the lock (OrderLock)",
		file:    "internal/database/dialect.go",
		edits:   []string{`LockRow:  "FOR NO KEY UPDATE",`, `LockRow:  "",`},
		pkg:     "internal/store", test: "TestBothEnginesKeepEveryPromiseOfTheStore",
	},
	{
		name:    "refund without look-up",
		promise: "an undo asks the provider what there is to take back",
		file:    "activities/settle.go",
		edits: []string{
			"record, err := s.closeKey(ctx, intent, quiet)", "record, err := provider.Record{State: provider.StateDone}, error(nil)",
			"func (s providerStep) closeKey(", "var _ = providerStep.closeKey\n\nfunc (s providerStep) closeKey(",
			"s.settle(ctx, intent, time.Now().Add(intent.Remaining+s.settleTime))", "s.settle(ctx, intent)",
			"intent skald.Intent, quiet time.Time) (skald.Settlement", "intent skald.Intent) (skald.Settlement",
		},
		pkg: "activities", test: "TestAnUndoTakesBackWhatTheProviderSaysWasDone",
	},
	{
		name:    "provider key left open by an undo",
		promise: "no provider key stays open behind an undo (CloseKey)",
		file:    "activities/settle.go",
		edits:   []string{"record, err := s.keys.Void(ctx, intent.Key)", "record, err := s.keys.Lookup(ctx, intent.Key)"},
		pkg:     "activities", test: "TestAZombieLeavesNothingBehind",
	},
	{
		name:    "capture repeated",
		promise: "at most one capture for an order: one key for all attempts",
		file:    "activities/payment.go",
		edits: []string{
			"Key: intent.Key, OrderID", "Key: intent.Key + time.Now().String(), OrderID",
			"\t\"context\"\n", "\t\"context\"\n\t\"time\"\n",
		},
		pkg: "activities", test: "TestAProviderStepRunManyTimesAtOnceIsDoneOnce",
	},
	{
		name:    "offset committed early",
		promise: "an offset is committed when everything before it is done",
		file:    "workers/consume.go",
		edits:   []string{"\ti.tracker.Delivered(r)\n", "\ti.tracker.Delivered(r)\n\ti.tracker.Done(r)\n"},
		pkg:     "workers", test: "TestAStoppedIntakeCommitsOnlyWhatIsFinished",
	},
	{
		name:    "event published twice with another identity",
		promise: "a repeated event is the same event: same ce_id",
		file:    "internal/kafka/encode.go",
		edits: []string{
			"headers.attribute(attributeID, e.ID)", "headers.attribute(attributeID, e.ID+time.Now().String())",
		},
		pkg: "workers", test: "TestARowThatTwoLeadersPublishIsOneEventTwice",
	},
	{
		name:    "an order undone past its pivot",
		promise: "an order whose shipping is recorded goes forward, whatever its saga has heard",
		file:    "internal/store/compensate.go",
		edits:   []string{"past, err := o.pastPivot()", "past, err := false, error(nil)"},
		pkg:     "internal/app", test: "TestEveryPlanThatOnceMatteredIsKept",
	},
}
