package gateway

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// onlyPost makes path an address that takes POST and nothing else, although a
// route such as /{id} beside it would take path for an ID.
func (g *Gateway) onlyPost(path string) {
	g.postOnly[path] = true
	g.engine.GET(path, g.refuseMethod)
}

// refuseMethod answers a method that the address does not take. The Allow header
// is gin's, except where gin counts the route that onlyPost added.
func (g *Gateway) refuseMethod(c *gin.Context) {
	if g.postOnly[c.Request.URL.Path] {
		c.Header("Allow", http.MethodPost)
	}
	write(c, problem(CodeMethodNotAllowed, "The Allow header lists the methods of this address. Repeat with one of them."))
}
