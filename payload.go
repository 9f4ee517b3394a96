package skald

// Payload is the data of one kind of event. Payloads change only by adding
// fields; anything else is a new version of the kind. None carries a name, an
// address or a payment token.
type Payload interface{ Kind() Kind }

// Quantity is an amount of one SKU.
type Quantity struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// OrderCancelRequested says that a cancel was recorded; the order will end
// cancelled.
type OrderCancelRequested struct {
	OrderID string `json:"order_id"`
	Reason  string `json:"reason,omitempty"`
}

// StockReserved says what reserve_stock set aside.
type StockReserved struct {
	OrderID string     `json:"order_id"`
	Items   []Quantity `json:"items"`
}

// PaymentCharged says what charge_payment captured.
type PaymentCharged struct {
	OrderID   string `json:"order_id"`
	Amount    Money  `json:"amount"`
	Reference string `json:"reference"` // the provider's
}

// ShipmentScheduled says that the carrier took the order: the pivot.
type ShipmentScheduled struct {
	OrderID   string `json:"order_id"`
	Reference string `json:"reference"` // the carrier's
}

// OrderConfirmed says that the order is paid and handed to the carrier.
type OrderConfirmed struct {
	OrderID string `json:"order_id"`
	Total   Money  `json:"total"`
}

// OrderRejected says that the order ended because a step was refused.
type OrderRejected struct {
	OrderID string `json:"order_id"`
	Cause   Cause  `json:"cause"`
}

// OrderFailed says that the order ended because a step was exhausted.
type OrderFailed struct {
	OrderID string `json:"order_id"`
	Cause   Cause  `json:"cause"`
}

// OrderCancelled says that the order ended because the customer cancelled.
type OrderCancelled struct {
	OrderID string `json:"order_id"`
	Cause   Cause  `json:"cause"`
}

// OrderNeedsAttention says that the order waits for a person.
type OrderNeedsAttention struct {
	OrderID string `json:"order_id"`
	Undo    Undo   `json:"undo"` // the first that was refused for good
}

// IncidentResolved says what a person decided about an incident.
type IncidentResolved struct {
	OrderID    string         `json:"order_id"`
	Undo       Undo           `json:"undo"`
	DecisionID string         `json:"decision_id"`
	Action     DecisionAction `json:"action"`
	Actor      string         `json:"actor"`
	Reason     string         `json:"reason"`
	Receipt    string         `json:"receipt,omitempty"`
}

// StockReceived says that goods arrived. Its subject is the SKU.
type StockReceived struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity"`
	ReceiptID string `json:"receipt_id"`
}

// CompensationStarted says that from here the saga undoes.
type CompensationStarted struct {
	OrderID string `json:"order_id"`
	Cause   Cause  `json:"cause"`
}

// ShipmentCancelled says that a booked shipment was stopped.
type ShipmentCancelled struct {
	OrderID   string         `json:"order_id"`
	Reference string         `json:"reference,omitempty"`
	Outside   *OutsideRecord `json:"done_outside,omitempty"`
}

// PaymentRefunded says that a captured payment was given back. It can appear
// without payment.charged: the capture may have landed after the saga gave up
// on it.
type PaymentRefunded struct {
	OrderID   string         `json:"order_id"`
	Amount    Money          `json:"amount"`
	Reference string         `json:"reference,omitempty"`
	Outside   *OutsideRecord `json:"done_outside,omitempty"`
}

// StockReleased says what release_stock put back.
type StockReleased struct {
	OrderID string         `json:"order_id"`
	Items   []Quantity     `json:"items"`
	Outside *OutsideRecord `json:"done_outside,omitempty"`
}

// OutsideRecord says who did an undo outside skald, and where that is written.
type OutsideRecord struct {
	Actor   string `json:"actor"`
	Receipt string `json:"receipt"`
}

// CompensationFailed says that an undo was refused for good: an incident.
type CompensationFailed struct {
	OrderID string `json:"order_id"`
	Undo    Undo   `json:"undo"`
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// CompensationSkipped says that a person accepted that an undo is not done.
type CompensationSkipped struct {
	OrderID    string `json:"order_id"`
	Undo       Undo   `json:"undo"`
	DecisionID string `json:"decision_id"`
	Actor      string `json:"actor"`
	Reason     string `json:"reason"`
}

// CompensationCompleted says that nothing is left to undo.
type CompensationCompleted struct {
	OrderID string `json:"order_id"`
	Undone  []Undo `json:"undone"` // those that undid something, in the order they ran
}

// Kind is what each payload is the data of.
func (OrderPlaced) Kind() Kind           { return KindOrderPlaced }
func (OrderCancelRequested) Kind() Kind  { return KindOrderCancelRequested }
func (StockReserved) Kind() Kind         { return KindStockReserved }
func (PaymentCharged) Kind() Kind        { return KindPaymentCharged }
func (ShipmentScheduled) Kind() Kind     { return KindShipmentScheduled }
func (OrderConfirmed) Kind() Kind        { return KindOrderConfirmed }
func (OrderRejected) Kind() Kind         { return KindOrderRejected }
func (OrderFailed) Kind() Kind           { return KindOrderFailed }
func (OrderCancelled) Kind() Kind        { return KindOrderCancelled }
func (OrderNeedsAttention) Kind() Kind   { return KindOrderNeedsAttention }
func (IncidentResolved) Kind() Kind      { return KindIncidentResolved }
func (StockReceived) Kind() Kind         { return KindStockReceived }
func (CompensationStarted) Kind() Kind   { return KindCompensationStarted }
func (ShipmentCancelled) Kind() Kind     { return KindShipmentCancelled }
func (PaymentRefunded) Kind() Kind       { return KindPaymentRefunded }
func (StockReleased) Kind() Kind         { return KindStockReleased }
func (CompensationFailed) Kind() Kind    { return KindCompensationFailed }
func (CompensationSkipped) Kind() Kind   { return KindCompensationSkipped }
func (CompensationCompleted) Kind() Kind { return KindCompensationCompleted }
