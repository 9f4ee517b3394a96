------------------------------- MODULE Stock --------------------------------
(* Orders that want several SKUs, statement by statement. A transaction about *)
(* an order locks the order's row (Lock) and then one stock row after the     *)
(* other (Take, Move), holds what it has locked, and ends by Commit or Die.   *)
(* The saga's decisions are Saga.tla's; here an order goes forward or back at *)
(* any time, and each operation may be attempted again at any time.           *)
(*                                                                            *)
(* What a transaction has done to stock is kept with it (taken) until it      *)
(* commits: nobody else can see it, or change a row that it has locked.       *)
(*                                                                            *)
(* "code:" names the operation that an action mirrors; a test holds the two   *)
(* together.                                                                  *)
EXTENDS Naturals, Integers, FiniteSets, Sequences, TLC

CONSTANTS
  o1, o2, a, b,           \* two orders, two SKUs
  Second,                 \* the SKUs that o2 wants; o1 wants both
  Received,               \* how many of each SKU a receipt brings
  (* ---- the rules ---- *)
  OrderLock,              \* a transaction begins by locking the order's row
  SortedSKUs,             \* stock rows are locked in one order by everybody
  Savepoint,              \* a refusal gives back what its transaction took
  OneStatement,           \* a row is asked and changed in one UPDATE ... WHERE on_hand >= ...
  EffectWithStock,        \* the effect is recorded in the transaction that moves the stock
  ReceiptOnce             \* a receipt that comes again changes nothing

Orders == {o1, o2}   SKUs == {a, b}
Wants(o) == IF o = o1 THEN SKUs ELSE Second
Lines(o) == SelectSeq(IF SortedSKUs \/ o = o1 THEN <<a, b>> ELSE <<b, a>>, LAMBDA s : s \in Wants(o))
Operations == {"ReserveStock", "ReleaseStock", "ConfirmOrder"}

VARIABLES
  stock,      \* per SKU, committed: on_hand, reserved, shipped, received
  order,      \* per order, committed: way (forward, past, back, confirmed, ended), do, un, has
  tx,         \* per order, its transactions under way
  receipts    \* SKUs whose receipt has come
vars == <<stock, order, tx, receipts>>

Start(op) == [op |-> op, at |-> 1, taken |-> {}, seen |-> "none", saw |-> FALSE]
Init == /\ stock = [s \in SKUs |-> [on_hand |-> 0, reserved |-> 0, shipped |-> 0, received |-> 0]]
        /\ order = [o \in Orders |-> [way |-> "forward", do |-> "none", un |-> "none", has |-> {}]]
        /\ tx = [o \in Orders |-> {}] /\ receipts = {}

Want(o, t) == IF t.op = "ReserveStock" THEN Lines(o) ELSE SelectSeq(Lines(o), LAMBDA s : s \in order[o].has)
Locked(o, t) == {Want(o, t)[n] : n \in 1..(t.at - 1)}               \* stock rows, until the transaction ends
Free(o, t, s) == \A p \in Orders : \A u \in tx[p] : <<p, u>> # <<o, t>> => s \notin Locked(p, u)
Ready(o, t) == t.at > Len(Want(o, t))
Swap(o, t, u) == tx' = [tx EXCEPT ![o] = (@ \ {t}) \cup {u}]

(* code: internal/store.ReceiveStock *)
ReceiveStock(s) ==
  /\ \A p \in Orders : \A u \in tx[p] : s \notin Locked(p, u)
  /\ ReceiptOnce => s \notin receipts
  /\ stock[s].received < 2 * Received                               \* enough to see a second one
  /\ stock' = [stock EXCEPT ![s].on_hand = @ + Received, ![s].received = @ + Received]
  /\ receipts' = receipts \cup {s} /\ UNCHANGED <<order, tx>>

May(o, op) ==
  CASE op = "ReserveStock" -> order[o].way = "forward" /\ order[o].do = "none" /\ order[o].un = "none"
    [] op = "ReleaseStock" -> order[o].way = "back" /\ order[o].un = "none"
    [] op = "ConfirmOrder" -> order[o].way = "past"
(* code: internal/store.lock *)
Lock(o, op) ==
  /\ OrderLock => tx[o] = {}
  /\ Cardinality(tx[o]) < 2 /\ May(o, op)
  /\ Start(op) \notin tx[o] /\ tx' = [tx EXCEPT ![o] = @ \cup {Start(op)}]
  /\ UNCHANGED <<stock, order, receipts>>

Enough(s) == stock[s].on_hand >= 1
(* code: internal/store.take *)
Take(o, t) == /\ t.op = "ReserveStock" /\ t.seen = "none" /\ ~Ready(o, t) /\ OneStatement
              /\ LET s == Want(o, t)[t.at] IN Free(o, t, s) /\ Enough(s)
                 /\ Swap(o, t, [t EXCEPT !.at = @ + 1, !.taken = @ \cup {s}])
              /\ UNCHANGED <<stock, order, receipts>>
Ask(o, t) ==                                                        \* a SELECT, and the UPDATE later
  /\ t.op = "ReserveStock" /\ t.seen = "none" /\ ~Ready(o, t) /\ ~OneStatement /\ ~t.saw
  /\ Enough(Want(o, t)[t.at]) /\ Swap(o, t, [t EXCEPT !.saw = TRUE]) /\ UNCHANGED <<stock, order, receipts>>
Change(o, t) ==
  /\ t.saw /\ LET s == Want(o, t)[t.at] IN
     Free(o, t, s) /\ Swap(o, t, [t EXCEPT !.at = @ + 1, !.taken = @ \cup {s}, !.saw = FALSE])
  /\ UNCHANGED <<stock, order, receipts>>
(* Rolling back to the savepoint keeps the locks: on Postgres they end with the savepoint, which only helps. *)
(* code: internal/store.refuseTake *)
RefuseTake(o, t) ==
  /\ t.op = "ReserveStock" /\ t.seen = "none" /\ ~Ready(o, t) /\ ~t.saw
  /\ LET s == Want(o, t)[t.at] IN Free(o, t, s) /\ ~Enough(s)
  /\ Swap(o, t, [t EXCEPT !.seen = "refused", !.taken = IF Savepoint THEN {} ELSE @])
  /\ UNCHANGED <<stock, order, receipts>>
(* code: internal/store.move *)
Move(o, t) == /\ t.op \in {"ReleaseStock", "ConfirmOrder"} /\ ~Ready(o, t)
              /\ LET s == Want(o, t)[t.at] IN Free(o, t, s) /\ Swap(o, t, [t EXCEPT !.at = @ + 1, !.taken = @ \cup {s}])
              /\ UNCHANGED <<stock, order, receipts>>

Moved(op, row) == CASE op = "ReserveStock" -> [row EXCEPT !.on_hand = @ - 1, !.reserved = @ + 1]
                    [] op = "ReleaseStock" -> [row EXCEPT !.on_hand = @ + 1, !.reserved = @ - 1]
                    [] op = "ConfirmOrder" -> [row EXCEPT !.reserved = @ - 1, !.shipped = @ + 1]
(* The row of an effect is unique: a transaction that would write a second one dies. *)
Effect(o, t) == CASE t.op = "ReserveStock" -> [order[o] EXCEPT !.do = IF t.seen = "refused" THEN "refused" ELSE "ok"]
                  [] t.op = "ReleaseStock" -> [order[o] EXCEPT !.un = "recorded", !.way = "ended"]
                  [] t.op = "ConfirmOrder" -> [order[o] EXCEPT !.way = "confirmed"]
Has(o, t) == IF t.op = "ReserveStock" THEN order[o].has \cup t.taken ELSE order[o].has \ t.taken
(* code: internal/store.record *)
Record(o, t) ==                                                     \* the effect, the stock, and COMMIT
  /\ Ready(o, t) \/ t.seen = "refused"
  /\ t.op = "ReserveStock" => order[o].do = "none"
  /\ stock' = [s \in SKUs |-> IF s \in t.taken THEN Moved(t.op, stock[s]) ELSE stock[s]]
  /\ \E e \in {Effect(o, t)} \cup (IF EffectWithStock THEN {} ELSE {order[o]}) :   \* without the rule it may crash between
       order' = [order EXCEPT ![o] = [e EXCEPT !.has = Has(o, t)]]
  /\ tx' = [tx EXCEPT ![o] = @ \ {t}] /\ UNCHANGED receipts
Die(o, t) == tx' = [tx EXCEPT ![o] = @ \ {t}] /\ UNCHANGED <<stock, order, receipts>>

(* The rest of the saga decides, under the order's lock. *)
Pivot(o) == tx[o] = {} /\ order[o].way = "forward" /\ order[o].do = "ok"
            /\ order' = [order EXCEPT ![o].way = "past"] /\ UNCHANGED <<stock, tx, receipts>>
BeginCompensation(o) == (OrderLock => tx[o] = {}) /\ order[o].way = "forward"
            /\ order' = [order EXCEPT ![o].way = "back"] /\ UNCHANGED <<stock, tx, receipts>>

Works(o, t) == Take(o, t) \/ Ask(o, t) \/ Change(o, t) \/ RefuseTake(o, t) \/ Move(o, t) \/ Record(o, t)
Next == \/ \E s \in SKUs : ReceiveStock(s)
        \/ \E o \in Orders : \/ (\E op \in Operations : Lock(o, op)) \/ Pivot(o) \/ BeginCompensation(o)
                             \/ \E t \in tx[o] : Works(o, t) \/ Die(o, t)
Spec == Init /\ [][Next]_vars
(* In the end an attempt is let through. A deadlock's victim is tried again; that is no excuse for one. *)
Fair == \A o \in Orders : /\ \A op \in Operations : WF_vars(Lock(o, op))
                          /\ \A n \in 1..2 : SF_vars(\E t \in tx[o] : t.at = n /\ (Take(o, t) \/ RefuseTake(o, t) \/ Move(o, t)))
                          /\ SF_vars(\E t \in tx[o] : Record(o, t))
                          /\ WF_vars(Pivot(o) \/ BeginCompensation(o))
LiveSpec == Spec /\ Fair

(* ------------------------------- what holds ------------------------------ *)
Conserved == \A s \in SKUs : stock[s].on_hand + stock[s].reserved + stock[s].shipped = stock[s].received
NoOversell == \A s \in SKUs : stock[s].on_hand >= 0 /\ stock[s].reserved >= 0
Reservations == \A s \in SKUs : stock[s].reserved = Cardinality({o \in Orders : s \in order[o].has})
AllOrNothing == \A o \in Orders :
                  /\ order[o].do = "ok" /\ order[o].way \in {"forward", "past"} => order[o].has = Wants(o)
                  /\ order[o].do # "ok" \/ order[o].way \in {"confirmed", "ended"} => order[o].has = {}
ReceivedOnce == \A s \in SKUs : stock[s].received \in {0, Received}
WaitsFor(o, t, p, u) == t.seen = "none" /\ ~Ready(o, t) /\ Want(o, t)[t.at] \in Locked(p, u)
NoDeadlock == ~(\E t \in tx[o1], u \in tx[o2] : WaitsFor(o1, t, o2, u) /\ WaitsFor(o2, u, o1, t))
Ends == \A o \in Orders : <>(order[o].way \in {"confirmed", "ended"})

(* ------------------------- what must be reachable ------------------------ *)
NeverBothConfirmed == ~(\A o \in Orders : order[o].way = "confirmed")
NeverRefusedAfterTaking == [][\A o \in Orders : \A t \in tx[o] : t.taken # {} =>
                               ~(\E u \in tx'[o] : u.seen = "refused" /\ t.seen = "none" /\ u.at = t.at)]_vars
NeverWaits == ~(\E t \in tx[o1], u \in tx[o2] : WaitsFor(o1, t, o2, u))
=============================================================================
