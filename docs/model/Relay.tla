------------------------------- MODULE Relay --------------------------------
(* From a committed fact to Kafka: transactions write events, relays publish  *)
(* them. Several relays may believe that they lead, each may die anywhere,    *)
(* and what a dead one has sent may still arrive.                             *)
(*                                                                            *)
(* A topic is the set of records that are on it. That is enough to see order: *)
(* first occurrences are in order exactly when at all times, for each record  *)
(* that is there, those before it are there too. A record has the identity    *)
(* that its consumers drop doubles by.                                        *)
(*                                                                            *)
(* Left out: what an event says, the limit on rows that one reading fetches,  *)
(* and that a key which rests wakes after a while: here, at any time.         *)
(*                                                                            *)
(* "code:" names the operation that an action mirrors; a test holds the two   *)
(* together.                                                                  *)
EXTENDS Naturals, FiniteSets, TLC

CONSTANTS
  o1, o2,             \* two orders
  Relays,
  Events,             \* Events[o]: how many events order o comes to
  MaxFaults,          \* deaths, lost leases, refusals, rollbacks; 99: no end
  (* ---- the rules ---- *)
  OrderLock,          \* one open transaction for an order
  EventInTransaction, \* a fact and its event commit together
  SequenceOnRow,      \* the sequence is on the order's row, and rolls back with it
  Lease,              \* a relay leads while it holds the lease
  OwnClient,          \* each term has its own client, which takes its answers with it
  FromTheStart,       \* every reading begins at the lowest position
  FirstOnly,          \* of a key, only the first row is on its way
  RestingKey,         \* a refused row holds back those behind it
  EveryTopic,         \* a row is done when every topic has it
  MarkAfterAck,       \* and is marked then
  SameIdentity        \* the identity is the event's, not a sending's

(* Values for Events, with which the store's races and the relay's are looked for. *)
Two == o1 :> 2   Three == o1 :> 3   OneOne == o1 :> 1 @@ o2 :> 1   TwoOne == o1 :> 2 @@ o2 :> 1

Orders == DOMAIN Events
All == UNION {{<<o, k>> : k \in 1..Events[o]} : o \in Orders}
Topics(e) == IF e[2] = 1 THEN {"orders", "events"} ELSE {"events"}
Before(e) == {<<e[1], k>> : k \in 1..(e[2] - 1)}

VARIABLES
  facts,       \* per order: how many changes of state are committed
  numbers,     \* per order: the last sequence given, when it is not on the row
  open,        \* transactions: order, sequence, position
  position,    \* the last position given
  rows,        \* committed events: event, position
  marked,      \* events marked as published
  holder,      \* of the lease: a relay, or none
  leads,       \* relays that believe they lead
  cursor,      \* per relay: what it last read
  chains,      \* per relay: rows in memory, not acknowledged
  wire,        \* sent and not answered: relay, event, topic, identity
  got,         \* per relay: topics that have answered for an event in its chains
  acked,       \* per relay: acknowledged, not marked
  resting,     \* per relay: orders that wait because Kafka refused
  topic,       \* what is on Kafka: event, topic, identity
  faults
relay == <<holder, leads, cursor, chains, wire, got, acked, resting>>
store == <<facts, numbers, open, position, rows>>
vars == <<store, relay, marked, topic, faults>>

Each(x) == [r \in Relays |-> x]
Init == /\ facts = [o \in Orders |-> 0] /\ numbers = [o \in Orders |-> 0]
        /\ open = {} /\ position = 0 /\ rows = {} /\ marked = {}
        /\ holder = "none" /\ leads = {} /\ cursor = Each(0) /\ chains = Each({}) /\ wire = {}
        /\ got = Each({}) /\ acked = Each({}) /\ resting = Each({})
        /\ topic = {} /\ faults = IF MaxFaults = 99 THEN 0 ELSE MaxFaults
Fault == IF MaxFaults = 99 THEN UNCHANGED faults ELSE faults > 0 /\ faults' = faults - 1

(* ------------------------------- the store ------------------------------- *)
Last(o) == IF SequenceOnRow THEN Cardinality({x \in rows : x.e[1] = o}) ELSE numbers[o]
(* A transaction takes sequence and position, and commits later or never.     *)
(* code: internal/store.emit *)
Emit(o) == /\ OrderLock => ~(\E x \in open : x.e[1] = o)
           /\ Cardinality(open) < 2 /\ Last(o) < Events[o]
           /\ position' = position + 1 /\ position < Cardinality(All) + 2
           /\ open' = open \cup {[e |-> <<o, Last(o) + 1>>, at |-> position + 1]}
           /\ numbers' = IF SequenceOnRow THEN numbers ELSE [numbers EXCEPT ![o] = @ + 1]
           /\ UNCHANGED <<facts, rows, relay, marked, topic, faults>>
(* code: internal/store.record *)
Record(x) ==                                                         \* COMMIT
  /\ open' = open \ {x} /\ facts' = [facts EXCEPT ![x.e[1]] = @ + 1]
  /\ rows' = rows \cup {x} /\ UNCHANGED <<numbers, position, relay, marked, topic, faults>>
RecordHalf(x) ==                                                     \* it died between the two transactions
  /\ ~EventInTransaction /\ Fault
  /\ open' = open \ {x} /\ facts' = [facts EXCEPT ![x.e[1]] = @ + 1]
  /\ UNCHANGED <<numbers, position, rows, relay, marked, topic>>
RollBack(x) == open' = open \ {x} /\ Fault /\ UNCHANGED <<facts, numbers, position, rows, relay, marked, topic>>

(* ------------------------------- the lease ------------------------------- *)
(* code: internal/store.AcquireLease *)
AcquireLease(r) == /\ r \notin leads /\ (Lease => holder \in {"none", r})
                   /\ holder' = r /\ leads' = leads \cup {r}
                   /\ UNCHANGED <<store, cursor, chains, wire, got, acked, resting, marked, topic, faults>>
Expire == /\ holder # "none" /\ Fault /\ holder' = "none"            \* by the database's clock; its holder need not notice
          /\ UNCHANGED <<store, leads, cursor, chains, wire, got, acked, resting, marked, topic>>
Nobody(r) == wire' = {IF OwnClient /\ w.by = r THEN [w EXCEPT !.by = "nobody"] ELSE w : w \in wire}
Forgets(r) == /\ Nobody(r) /\ leads' = leads \ {r} /\ cursor' = [cursor EXCEPT ![r] = 0] /\ chains' = [chains EXCEPT ![r] = {}]
              /\ got' = [got EXCEPT ![r] = {}] /\ acked' = [acked EXCEPT ![r] = {}] /\ resting' = [resting EXCEPT ![r] = {}]
(* code: internal/store.ReleaseLease *)
ReleaseLease(r) == /\ r \in leads /\ chains[r] = {} /\ acked[r] = {} /\ Fault
                   /\ Forgets(r) /\ holder' = IF holder = r THEN "none" ELSE holder
                   /\ UNCHANGED <<store, marked, topic>>
Die(r) == r \in leads /\ Fault /\ Forgets(r) /\ UNCHANGED <<store, holder, marked, topic>>
Notice(r) == r \in leads /\ holder # r /\ Forgets(r) /\ UNCHANGED <<store, holder, marked, topic, faults>>

(* ------------------------------- the relay ------------------------------- *)
Key(r, o) == {e \in chains[r] : e[1] = o}
(* code: internal/store.Unpublished *)
Unpublished(r) ==
  /\ r \in leads
  /\ LET seen == {x \in rows : x.e \notin marked /\ (FromTheStart \/ x.at > cursor[r])}
         fresh == {x.e : x \in {y \in seen : y.e \notin acked[r] /\ Key(r, y.e[1]) = {} /\ y.e[1] \notin resting[r]}}
     IN /\ fresh # {} /\ chains' = [chains EXCEPT ![r] = @ \cup fresh]
        /\ cursor' = [cursor EXCEPT ![r] = IF FromTheStart THEN 0
                                           ELSE CHOOSE n \in {x.at : x \in seen} : \A x \in seen : x.at <= n]
  /\ UNCHANGED <<store, holder, leads, wire, got, acked, resting, marked, topic, faults>>

Sent(r, e) == \E w \in wire : w.by = r /\ w.e = e
Begun(r, e) == Sent(r, e) \/ \E g \in got[r] : g[1] = e
Identity(r, e) == IF SameIdentity THEN e ELSE <<e, r>>
(* code: workers.send *)
Send(r, e) ==
  /\ r \in leads /\ e \in chains[r] /\ ~Begun(r, e)
  /\ FirstOnly => chains[r] \cap Before(e) = {}
  /\ wire' = wire \cup {[by |-> r, e |-> e, topic |-> t, id |-> Identity(r, e)] : t \in Topics(e)}
  /\ UNCHANGED <<store, holder, leads, cursor, chains, got, acked, resting, marked, topic, faults>>

Answer(w, yes) == IF w.by \in leads /\ w.e \in chains[w.by]
                  THEN got' = [got EXCEPT ![w.by] = @ \cup {<<w.e, w.topic, yes>>}] ELSE UNCHANGED got
Land(w) ==                                                            \* Kafka has it, and whoever sent it hears so, if it lives
  /\ wire' = wire \ {w} /\ topic' = topic \cup {[e |-> w.e, topic |-> w.topic, id |-> w.id]} /\ Answer(w, TRUE)
  /\ UNCHANGED <<store, holder, leads, cursor, chains, acked, resting, marked, faults>>
Refuse(w) == /\ Fault /\ wire' = wire \ {w} /\ Answer(w, FALSE)
             /\ UNCHANGED <<store, holder, leads, cursor, chains, acked, resting, marked, topic>>

Answers(r, e, yes) == {t \in Topics(e) : <<e, t, yes>> \in got[r]}
Done(r, e) == IF EveryTopic THEN Answers(r, e, TRUE) = Topics(e) ELSE Answers(r, e, TRUE) # {}
(* code: workers.settle *)
Settle(r, e) ==
  /\ Done(r, e)
  /\ chains' = [chains EXCEPT ![r] = @ \ {e}] /\ acked' = [acked EXCEPT ![r] = @ \cup {e}]
  /\ got' = [got EXCEPT ![r] = {g \in @ : g[1] # e}]
  /\ UNCHANGED <<store, holder, leads, cursor, wire, resting, marked, topic, faults>>
(* One topic refused it, and the others have answered.                        *)
(* code: workers.rest *)
Rest(r, e) ==
  /\ ~Done(r, e) /\ Answers(r, e, TRUE) \cup Answers(r, e, FALSE) = Topics(e)
  /\ got' = [got EXCEPT ![r] = {g \in @ : g[1] # e}]
  /\ chains' = [chains EXCEPT ![r] = IF RestingKey THEN @ \ Key(r, e[1]) ELSE @ \ {e}]
  /\ resting' = [resting EXCEPT ![r] = IF RestingKey THEN @ \cup {e[1]} ELSE @]
  /\ UNCHANGED <<store, holder, leads, cursor, wire, acked, marked, topic, faults>>
(* code: workers.wakeRested *)
WakeRested(r) == /\ resting[r] # {} /\ resting' = [resting EXCEPT ![r] = {}]
                 /\ UNCHANGED <<store, holder, leads, cursor, chains, wire, got, acked, marked, topic, faults>>
(* A leader of old marks too: what it marks is on Kafka.                       *)
(* code: internal/store.MarkPublished *)
MarkPublished(r) ==
  /\ LET done == IF MarkAfterAck THEN acked[r] ELSE acked[r] \cup {e \in chains[r] : Sent(r, e)} IN
     done \ marked # {} /\ marked' = marked \cup done
  /\ acked' = [acked EXCEPT ![r] = {}]
  /\ UNCHANGED <<store, holder, leads, cursor, chains, wire, got, resting, topic, faults>>
MarkLost(r) ==                                                        \* the row is marked, and the relay told otherwise
  /\ acked[r] \ marked # {} /\ Fault /\ marked' = marked \cup acked[r] /\ UNCHANGED <<store, relay, topic>>

Next == \/ (\E o \in Orders : Emit(o)) \/ Expire
        \/ \E x \in open : Record(x) \/ RecordHalf(x) \/ RollBack(x)
        \/ \E w \in wire : Land(w) \/ Refuse(w)
        \/ \E r \in Relays : \/ AcquireLease(r) \/ ReleaseLease(r) \/ Die(r) \/ Notice(r) \/ Unpublished(r)
                             \/ (\E e \in chains[r] : Send(r, e) \/ Settle(r, e) \/ Rest(r, e))
                             \/ WakeRested(r) \/ MarkPublished(r) \/ MarkLost(r)
Spec == Init /\ [][Next]_vars
Fair == /\ \A o \in Orders : WF_vars(Emit(o))
        /\ \A e \in All : WF_vars(\E x \in open : x.e = e /\ Record(x))
        /\ WF_vars(\E w \in wire : Land(w))
        /\ \A r \in Relays : /\ SF_vars(AcquireLease(r)) /\ WF_vars(Notice(r)) /\ WF_vars(Unpublished(r)) /\ WF_vars(WakeRested(r))
                             /\ WF_vars(\E e \in chains[r] : Send(r, e)) /\ WF_vars(\E e \in chains[r] : Settle(r, e) \/ Rest(r, e))
                             /\ WF_vars(MarkPublished(r))
LiveSpec == Spec /\ Fair
Symmetry == Permutations(Relays)

(* ------------------------------- what holds ------------------------------ *)
Sequences(o) == {x.e[2] : x \in {y \in rows : y.e[1] = o}}
GapFree == \A o \in Orders :
             /\ Sequences(o) = 1..Cardinality(Sequences(o))
             /\ Cardinality({x \in rows : x.e[1] = o}) = Cardinality(Sequences(o))
EventForEveryFact == \A o \in Orders : facts[o] = Cardinality({x \in rows : x.e[1] = o})
PositionFollowsSequence == \A x, y \in rows : x.e[1] = y.e[1] /\ x.e[2] < y.e[2] => x.at < y.at
OnKafka == {<<k.e, k.topic>> : k \in topic}
Whole(e) == \A t \in Topics(e) : <<e, t>> \in OnKafka
NoPhantom == \A k \in topic : \E x \in rows : x.e = k.e
OneIdentity == \A j, k \in topic : j.e = k.e => j.id = k.id
InOrder == \A k \in topic : \A e \in Before(k.e) : Whole(e)           \* over both topics
NothingLost == \A e \in marked : Whole(e)
FeedInOrder == \A e \in marked : Before(e) \subseteq marked           \* publications are numbered when marked
Published == <>[](\A x \in rows : x.e \in marked)
AllPublished == <>(marked = All)

(* ------------------------- what must be reachable ------------------------ *)
Again(w) == \E k \in topic : k.e = w.e /\ k.topic = w.topic
NeverTwoLeaders == Cardinality(leads) < 2
NeverStaleRepeats == [][\A w \in wire \ wire' : Again(w) /\ holder # w.by => w.e \notin marked]_vars
NeverRepeatsAfterAck == [][\A w \in wire' \ wire : ~Again(w)]_vars
NeverAllPublished == marked # All
=============================================================================
