------------------------------- MODULE Intake -------------------------------
(* From Kafka to sagas: one partition, read by one intake after the other,    *)
(* each of which may lose it at any time and finish what it has in hand all   *)
(* the same. A message is done when nothing more is to be done for it; the    *)
(* offset that is committed says from where the next owner reads.             *)
(*                                                                            *)
(* Temporal refuses a second saga of one order while it remembers the first:  *)
(* until that was closed and its retention is over. What a saga that is       *)
(* started again does to a final order is Saga.tla's: nothing.                *)
(*                                                                            *)
(* Left out: slots, lanes of other partitions, the breaker, outages (a step   *)
(* that is not taken yet).                                                    *)
(*                                                                            *)
(* "code:" names the operation that an action mirrors; a test holds the two   *)
(* together.                                                                  *)
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANTS
  Owners,             \* intakes
  MaxFaults,          \* lost partitions, and retentions that end; 99: no end
  (* ---- the rules ---- *)
  Lanes,              \* messages of one order are handled one after the other
  Contiguous,         \* an offset is committed when everything before it is done
  DoneWhenHandled,    \* a message is done when it was handled, not when it was read
  ParkFirst,          \* ... or when its dead letter is on Kafka
  RowFirst,           \* the permanent row is there before the saga starts
  PermanentRow,       \* and stays when Temporal has forgotten the saga
  AskFinal,           \* no start for an order that is final
  RejectDuplicate     \* Temporal refuses a second saga of one order

(* What the partition holds: kind and order. 3 can never be used.             *)
Log == <<<<"placed", 1>>, <<"placed", 2>>, <<"cancel", 1>>, <<"junk", 3>>>>
Offsets == 1..Len(Log)   Orders == {1, 2}

VARIABLES
  owner,      \* of the partition
  next,       \* per owner: the offset that it reads next
  hand,       \* per owner: messages in hand, not done
  done,       \* per owner: messages done, since it got the partition
  saw,        \* per owner: orders whose row was asked, and were not final
  committed,  \* everything below is never read again
  row,        \* per order: none, open, final
  cancelled,  \* orders whose cancel is recorded
  saga,       \* per order, in Temporal: none, runs, closed
  runs,       \* per order: at once, at most 2 are counted
  ended,      \* orders that were final once
  fate,       \* per message: what became of it
  faults
temporal == <<saga, runs>>
vars == <<owner, next, hand, done, saw, committed, row, cancelled, ended, temporal, fate, faults>>

Each(x) == [i \in Owners |-> x]
Init == /\ owner = CHOOSE i \in Owners : TRUE
        /\ next = Each(1) /\ hand = Each({}) /\ done = Each({}) /\ saw = Each({}) /\ committed = 1
        /\ row = [o \in Orders |-> "none"] /\ cancelled = {} /\ ended = {}
        /\ saga = [o \in Orders |-> "none"] /\ runs = [o \in Orders |-> 0]
        /\ fate = [n \in Offsets |-> {}] /\ faults = IF MaxFaults = 99 THEN 0 ELSE MaxFaults
Fault == IF MaxFaults = 99 THEN UNCHANGED faults ELSE faults > 0 /\ faults' = faults - 1
world == <<row, cancelled, ended, temporal>>

Poll(i) == /\ owner = i /\ next[i] <= Len(Log)
           /\ next' = [next EXCEPT ![i] = @ + 1] /\ hand' = [hand EXCEPT ![i] = @ \cup {next[i]}]
           /\ done' = [done EXCEPT ![i] = IF DoneWhenHandled THEN @ ELSE @ \cup {next[i]}]
           /\ UNCHANGED <<owner, saw, committed, world, fate, faults>>
Turn(i, n) == n \in hand[i] /\ (Lanes => \A m \in hand[i] : Log[m][2] = Log[n][2] => n <= m)
Done(i, n, what) == /\ hand' = [hand EXCEPT ![i] = @ \ {n}] /\ done' = [done EXCEPT ![i] = @ \cup {n}]
                    /\ fate' = [fate EXCEPT ![n] = @ \cup {what}]

(* code: workers.place *)
Place(i, n) == LET o == Log[n][2] IN
  /\ Turn(i, n) /\ Log[n][1] = "placed" /\ o \notin saw[i]
  /\ row' = [row EXCEPT ![o] = IF RowFirst /\ @ = "none" THEN "open" ELSE @]
  /\ IF AskFinal /\ row[o] = "final" THEN Done(i, n, "over") /\ UNCHANGED saw
     ELSE saw' = [saw EXCEPT ![i] = @ \cup {o}] /\ UNCHANGED <<hand, done, fate>>
  /\ UNCHANGED <<owner, next, committed, cancelled, ended, temporal, faults>>
(* code: workers.start *)
Start(i, n) == LET o == Log[n][2] IN
  /\ Turn(i, n) /\ Log[n][1] = "placed" /\ o \in saw[i]
  /\ IF saga[o] = "none" \/ ~RejectDuplicate
     THEN /\ saga' = [saga EXCEPT ![o] = "runs"]
          /\ runs' = [runs EXCEPT ![o] = IF @ < 2 THEN @ + 1 ELSE @] /\ Done(i, n, "started")
     ELSE UNCHANGED temporal /\ Done(i, n, "started before")
  /\ saw' = [saw EXCEPT ![i] = @ \ {o}] /\ UNCHANGED <<owner, next, committed, row, cancelled, ended, faults>>
(* code: workers.cancel *)
Cancel(i, n) == LET o == Log[n][2] IN
  /\ Turn(i, n) /\ Log[n][1] = "cancel"
  /\ cancelled' = IF row[o] = "open" THEN cancelled \cup {o} ELSE cancelled
  /\ Done(i, n, CASE row[o] = "open" -> "recorded" [] row[o] = "final" -> "too late" [] OTHER -> "unknown order")
  /\ UNCHANGED <<owner, next, saw, committed, row, ended, temporal, faults>>
(* code: workers.park *)
Park(i, n) == /\ Turn(i, n) /\ Log[n][1] = "junk" /\ Done(i, n, "parked")
              /\ UNCHANGED <<owner, next, saw, committed, world, faults>>
ParkLater(i, n) == /\ ~ParkFirst /\ n \in hand[i] \ done[i] /\ Log[n][1] = "junk" /\ done' = [done EXCEPT ![i] = @ \cup {n}]
                   /\ UNCHANGED <<owner, next, hand, saw, committed, world, fate, faults>>

(* code: workers.commit *)
Commit(i) == /\ owner = i
             /\ \E n \in done[i] : /\ n >= committed /\ (Contiguous => \A m \in committed..n : m \in done[i])
                                   /\ committed' = n + 1
             /\ UNCHANGED <<owner, next, hand, done, saw, world, fate, faults>>

(* What it has in hand, the owner of before may finish, or not.               *)
Move(j) == /\ j # owner /\ Fault /\ owner' = j /\ next' = [next EXCEPT ![j] = committed]
           /\ done' = [done EXCEPT ![j] = {}] /\ hand' = [hand EXCEPT ![j] = {}] /\ saw' = [saw EXCEPT ![j] = {}]
           /\ UNCHANGED <<committed, world, fate>>
Finish(o) == /\ saga[o] = "runs" /\ saga' = [saga EXCEPT ![o] = "closed"] /\ runs' = [runs EXCEPT ![o] = 0]
             /\ row' = [row EXCEPT ![o] = IF @ = "open" THEN "final" ELSE @]
             /\ ended' = IF row[o] = "open" THEN ended \cup {o} ELSE ended
             /\ UNCHANGED <<owner, next, hand, done, saw, committed, cancelled, fate, faults>>
Retention(o) == /\ saga[o] = "closed" /\ Fault /\ saga' = [saga EXCEPT ![o] = "none"]
                /\ row' = [row EXCEPT ![o] = IF PermanentRow THEN @ ELSE "none"]
                /\ UNCHANGED <<owner, next, hand, done, saw, committed, cancelled, ended, runs, fate>>

Next == \/ \E i \in Owners : \/ Poll(i) \/ Commit(i) \/ Move(i)
                             \/ \E n \in hand[i] : Place(i, n) \/ Start(i, n) \/ Cancel(i, n) \/ Park(i, n) \/ ParkLater(i, n)
        \/ \E o \in Orders : Finish(o) \/ Retention(o)
Spec == Init /\ [][Next]_vars
Fair == \A i \in Owners : /\ WF_vars(Poll(i)) /\ WF_vars(Commit(i))
                          /\ \A n \in Offsets : WF_vars(n \in hand[i] /\ (Place(i, n) \/ Start(i, n) \/ Cancel(i, n) \/ Park(i, n)))
LiveSpec == Spec /\ Fair

(* ------------------------------- what holds ------------------------------ *)
NothingLost == \A n \in Offsets : n < committed => fate[n] # {}
SagaHasRow == \A o \in Orders : saga[o] = "runs" => row[o] # "none"
OneRun == \A o \in Orders : runs[o] <= 1
CancelFindsOrder == \A n \in Offsets : "unknown order" \notin fate[n]
FinalIsNotNew == \A o \in ended : row[o] # "open"
(* Even so a saga may be started for a final order: it ended, and Temporal forgot it, between Place and Start. *)
FinalStartsNothing == [][\A o \in Orders : saga[o] = "none" /\ saga'[o] = "runs" => row[o] # "final"]_vars
AllHandled == <>(\A n \in Offsets : fate[n] # {})
AllCommitted == <>(committed = Len(Log) + 1)

(* ------------------------- what must be reachable ------------------------ *)
NeverTwice == \A n \in Offsets : Cardinality(fate[n]) < 2
NeverOver == \A n \in Offsets : "over" \notin fate[n]
NeverCancelled == cancelled = {}
NeverTooLate == \A n \in Offsets : "too late" \notin fate[n]
=============================================================================
