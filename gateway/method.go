package gateway

import "github.com/gin-gonic/gin"

// only makes path an address that takes method and nothing else, although a route
// such as /{id} beside it would take path for an ID when it is asked with other.
func (g *Gateway) only(path, method, other string) {
	g.methods[path] = method
	g.engine.Handle(other, path, g.refuseMethod)
}

// refuseMethod answers a method that the address does not take. The Allow header
// is gin's, except where gin counts the route that only added.
func (g *Gateway) refuseMethod(c *gin.Context) {
	if method, ok := g.methods[c.Request.URL.Path]; ok {
		c.Header("Allow", method)
	}
	write(c, problem(CodeMethodNotAllowed, "The Allow header lists the methods of this address. Repeat with one of them."))
}
