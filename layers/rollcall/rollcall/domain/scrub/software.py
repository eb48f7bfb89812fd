"""Names of browsers, systems and devices: a closed list, as clients of analytics tell them. Data alone."""

from rollcall.domain.scrub.key_name import compact

_NAMES = """
    Android; Android Mobile; Apple Mail; Apple Silicon; BlackBerry; Brave; Chrome; Chrome Headless; Chrome iOS;
    Chrome OS; ChromeOS; Chromium; Chrome Mobile; Chrome WebView; Console; Debian; Desktop; DuckDuckGo; Edge;
    Electron; Embedded; Facebook Mobile; Fedora; FreeBSD; Firefox; Firefox iOS; Firefox Mobile; Firefox OS; Generic
    mobile; Generic tablet; GNU/Linux; Handset; Harmony OS; HarmonyOS; Headless Chrome; Huawei Browser; Internet
    Explorer; Internet Explorer Mobile; iOS; iPad; iPadOS; iPhone; iPod Touch; Kindle; Kindle Fire; Konqueror;
    Laptop; Linux; Mac; Mac OS; Mac OS X; Macintosh; macOS; Microsoft Edge; Mobile; Mobile Chrome; Mobile Firefox;
    Mobile Safari; Mozilla; Netscape; Nintendo; OpenBSD; Opera; Opera Mini; Opera Mobile; Opera Touch; Other; PC;
    Phone; PlayStation; Posthog; Raspberry Pi; Safari; Safari iOS; Safari Mobile; Samsung Browser; Samsung Internet;
    Server; Silk; Smart TV; SmartTV; SunOS; Tablet; Tizen; Trident; tvOS; TV; UC Browser; Ubuntu; Unix; Unknown;
    UWP; Vision OS; visionOS; Vivaldi; Watch; watchOS; Wearable; Web; WebKit; WebOS; WeChat; Whale; Windows; Windows
    Mobile; Windows Phone; WKWebView; Xbox; Yandex; Yandex Browser; 3g; 4g; 5g; 2g; slow 2g; cellular; ethernet;
    wifi; wimax; bluetooth; none; offline
"""
SOFTWARE = frozenset(compact(name) for name in _NAMES.replace("\n", " ").split(";"))
CHARACTERS_MAX = 32


def is_software(text: str) -> bool:
    """Tell whether a text is the name of a browser, a system, a kind of device or of a network."""
    return len(text) <= CHARACTERS_MAX and compact(text) in SOFTWARE
