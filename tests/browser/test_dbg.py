from tests.browser.test_page import *
def test_dbg(visit):
    page=visit("?workload.requests=10m&batches.requests_per_batch=100k&batches.concurrent=100", viewport={"width":360,"height":740})
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    settled(page)
    print(page.evaluate("""()=>{const w=innerWidth; return [document.documentElement.scrollWidth, innerWidth, [...document.querySelectorAll('body *')].filter(e=>{const r=e.getBoundingClientRect(); return r.right>w+1 && !e.closest('.scroll,.chart')}).slice(0,12).map(e=>e.outerHTML.slice(0,120)+' '+e.getBoundingClientRect().right)]}"""))
    p=visit("")
    p.emulate_media(media="print")
    for left_out in ("[data-copy='link']", "[data-play]", "[data-moment-slider]", "nav"):
        print(left_out, p.locator(left_out).first.is_visible())
    open('/tmp/p.pdf','wb').write(p.pdf(format="A4"))
    p.emulate_media(media="screen")
    control(p,"workload.requests").focus(); p.keyboard.press("Tab")
    print(p.evaluate("document.activeElement.outerHTML.slice(0,300)"), p.evaluate("(({outline,boxShadow,borderColor})=>[outline,boxShadow,borderColor])(getComputedStyle(document.activeElement))"))
    p.locator("[data-play]").click(); print("clicked"); print(p.locator("[data-play]").get_attribute("aria-pressed"))
    p.wait_for_timeout(300)
    print(p.evaluate("(()=>{const r=document.querySelector('[data-play]').getBoundingClientRect(); return [r.x,r.y,r.width, document.elementFromPoint(r.x+r.width/2,r.y+r.height/2)?.outerHTML.slice(0,100)]})()"))
    p.screenshot(path="/tmp/s.png", full_page=True)
