package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/temporalio/ui-server/v2/server/api"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/cors"
	"github.com/temporalio/ui-server/v2/server/csrf"
	"github.com/temporalio/ui-server/v2/server/headers"
	"github.com/temporalio/ui-server/v2/server/route"
	"github.com/temporalio/ui-server/v2/ui"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

const (
	uiHeaderLimit   = 10 * time.Second
	uiIdleLimit     = 2 * time.Minute
	uiShutdownLimit = 2 * time.Second
)

// UIOptions describe one UI; every field but OnFailure is required.
type UIOptions struct {
	Port      int
	Temporal  string // address of the frontend; it need not be up
	Namespace string // the one the start page shows
	Logger    *slog.Logger
	// OnFailure is told when a started UI stops serving. It must not block.
	OnFailure func(error)
}

// UI is the Temporal UI, read-only. It is put together from the UI server's
// routes because its own Start exits the process when it cannot listen, and
// never closes its connection to the frontend.
type UI struct {
	server *http.Server
	conn   *grpc.ClientConn
	served chan struct{}
	close  sync.Once
	result error
}

// StartUI listens and returns. A port that cannot be listened on is a *PortError.
func StartUI(o UIOptions) (*UI, error) {
	listener, err := net.Listen("tcp", address(o.Port)) //nolint:noctx // listening on loopback does not wait
	if err != nil {
		return nil, &PortError{Name: "Temporal UI", Port: o.Port, Err: err}
	}
	handler, conn, err := newUIHandler(o)
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("temporal UI: %w", err)
	}
	u := &UI{conn: conn, served: make(chan struct{}), server: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: uiHeaderLimit,
		IdleTimeout:       uiIdleLimit,
		ErrorLog:          uiLog(o),
	}}
	go u.serve(listener, o.OnFailure)
	return u, nil
}

func (u *UI) serve(listener net.Listener, onFailure func(error)) {
	defer close(u.served)
	err := u.server.Serve(listener)
	if !errors.Is(err, http.ErrServerClosed) && onFailure != nil {
		onFailure(fmt.Errorf("temporal UI: %w", err))
	}
}

// Close ends open requests after a short grace and waits for the server.
func (u *UI) Close() error {
	u.close.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), uiShutdownLimit)
		defer cancel()
		err := u.server.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = u.server.Close()
		}
		<-u.served
		u.result = errors.Join(err, u.conn.Close())
	})
	return u.result
}

func uiConfig(o UIOptions) *config.Config {
	return &config.Config{
		TemporalGRPCAddress: o.Temporal,
		Host:                loopback,
		Port:                o.Port,
		EnableUI:            true,
		DefaultNamespace:    o.Namespace,
		// A saga that is terminated or reset by hand never compensates. This is
		// the one switch that the UI's server enforces; the others hide buttons.
		DisableWriteActions: true,
		DisableNewsFetch:    true,
		NotifyOnNewVersion:  false,
		// Browsers do not send a Secure cookie over plain HTTP.
		CORS:     config.CORS{CookieInsecure: true},
		HideLogs: true,
	}
}

// newUIHandler puts the middlewares in the order of the UI server's own NewServer.
func newUIHandler(o UIOptions) (http.Handler, *grpc.ClientConn, error) {
	provider, err := config.NewConfigProviderWithRefresh(uiConfig(o))
	if err != nil {
		return nil, nil, err
	}
	conn, err := api.CreateGRPCConnection(provider)
	if err != nil {
		return nil, nil, err
	}
	e := echo.New()
	e.Logger.SetOutput(uiLog(o).Writer())
	e.Use(middleware.Recover(), middleware.Gzip())
	e.Use(cors.CORSMiddleware(cors.CORSConfig{AllowCredentials: true, ConfigProvider: provider}))
	e.Use(middleware.Secure(), csrf.EnsureTokenCookie(false))
	e.Use(middleware.CSRFWithConfig(csrf.MiddlewareConfig(provider, false)))
	route.SetHealthRoute(e)
	setAPIRoutes(e, provider, conn)
	if err := setPages(e, provider); err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	return e, conn, nil
}

// setAPIRoutes is route.SetAPIRoutes on a connection that we can close.
func setAPIRoutes(e *echo.Echo, provider *config.ConfigProviderWithRefresh, conn *grpc.ClientConn) {
	forward := []api.Middleware{headers.WithForwardHeaders([]string{"Caller-Type"})}
	readOnly := route.DisableWriteMiddleware(provider)

	v1 := e.Group("/api/v1")
	v1.GET("/settings", api.GetSettings(provider))
	v1.GET("/releases", api.GetLatestReleases(provider, api.NewReleaseChecker()))
	v1.GET("/ui-extensions", api.GetUIExtensions(provider, api.TemporalAccessCheck(conn, forward)))
	v1.GET(api.WorkflowRawHistoryUrl, api.WorkflowRawHistoryHandler(workflowservice.NewWorkflowServiceClient(conn)), readOnly)
	v1.Any("/*", api.TemporalAPIHandler(provider, forward, conn), readOnly)
}

func setPages(e *echo.Echo, provider *config.ConfigProviderWithRefresh) error {
	assets, err := ui.Assets()
	if err != nil {
		return err
	}
	pages, err := fs.Sub(assets, "local")
	if err != nil {
		return err
	}
	route.SetRenderRoute(e, "/")
	return route.SetUIRoutes(e, "", pages, provider)
}

func uiLog(o UIOptions) *log.Logger {
	logger := o.Logger.With("part", "temporal-ui")
	return slog.NewLogLogger(logger.Handler(), slog.LevelWarn)
}
