"""Names of browsers, systems, devices, libraries and players: closed lists, as analytics clients send them. Data."""

import re

from rollcall.domain.scrub.key_name import compact
from rollcall.domain.scrub.versions import is_version

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
    wifi; wimax; bluetooth; none; offline; online; lan; vpn; lte; 4g lte; 5g nr
"""
_BROWSERS = """
    Android Browser; Android WebView; Arc; Baidu; Chrome Extension; Chrome Mobile WebView; Coc Coc; CrOS; Ecosia; Edge
    Mobile; Edge WebView; Epiphany; Facebook; GNOME Web; Google Search App; Instagram; LinkedIn; Maxthon; MIUI Browser;
    Naver; Pale Moon; Puffin; QQ Browser; Safari on iOS; SeaMonkey; Snapchat; Sogou; TikTok; Tor Browser; Vivo Browser;
    Waterfox; Wear; Amazon; Windows Server; Windows Server 2016; Windows Server 2019; Windows Server 2022
"""
# Platforms, kinds of devices, environments.
_PLACES = """
    app; native; native app; browser; web app; webview; mobile web; mobile app; desktop app; pwa; kiosk; terminal;
    cli; api; backend; cloud; frontend; bot; console app; electron app; React Native; Flutter; Ionic; Cordova;
    Capacitor; Expo; Xamarin; MAUI; Unity; Unreal; Godot; WebGL; Node; Node.js; Deno; Bun; JVM; dotnet; .NET;
    Win32; Win64; Linux x86_64; Linux armv7l; Linux armv8l; Linux aarch64; MacIntel; MacPPC; Windows NT;
    Chromebook; Chromecast; Roku; Fire TV; Fire OS; Android TV; Apple TV; Android Tablet; Android Phone; iPhone
    OS; Wear OS; KaiOS; Sailfish OS; LineageOS; GrapheneOS; Arch Linux; Linux Mint; openSUSE; CentOS; Red Hat;
    Alpine Linux; NixOS; Darwin; Solaris; AIX; phablet; notebook; netbook; handheld; headset; VR; AR; XR;
    wearables; smartphone; smart phone; feature phone; e-reader; whiteboard; interactive whiteboard; interactive
    display; simulator; emulator; low; mid; high; low end; mid range; high end; computer; touch; hybrid; all in
    one; LMS; LTI; SCORM; xAPI; cmi5; H5P; Moodle; Moodle App; Canvas; Open edX; Blackboard; Brightspace; Sakai;
    ILIAS; Google Classroom; Microsoft Teams; production; prod; staging; stage; development; dev; test; testing;
    local; localhost; preview; qa; uat; ci; sandbox; demo; beta; canary; portrait; landscape; portrait primary;
    portrait secondary; landscape primary; landscape secondary
"""
# Libraries of analytics and players of media.
_LIBRARIES = """
    analytics.js; analytics-next; analytics-browser; analytics-node; @segment/analytics-next;
    @segment/analytics-node; @segment/analytics-react-native; analytics-react-native; analytics-python;
    segment-analytics-python; analytics-ruby; analytics-go; analytics-java; analytics-php; analytics-dotnet;
    Analytics.NET; Analytics-CSharp; Analytics.CSharp; analytics-kotlin; analytics-swift; analytics-android;
    analytics-ios; analytics-flutter; analytics-rust; analytics-cpp; analytics-unity; analytics-c++; segment;
    Segment Analytics; RudderLabs JavaScript SDK; RudderLabs JS SDK; rudder-sdk-js; rudder-sdk-node;
    @rudderstack/rudder-sdk-node; @rudderstack/analytics-js; rudder-sdk-python; rudder-sdk-react-native;
    rudder-sdk-flutter; rudder-sdk-unity; rudder-android-library; rudder-ios-library; RudderStack iOS Library;
    RudderStack Android Library; com.rudderstack.android.sdk.core; rudder-analytics-python; rudder-analytics;
    rudderanalytics; rudder-node; rudder-go; rudder-sdk-go; rudder-sdk-java; rudder-sdk-ruby; rudder-sdk-php;
    rudder-sdk-net; RudderLabs Android SDK; RudderLabs iOS SDK; rudderstack; js; posthog; posthog-js;
    posthog-js-lite; posthog-node; posthog-python; posthog-ruby; posthog-go; posthog-php; posthog-java;
    posthog-server; posthog-android; posthog-ios; posthog-react-native; posthog-flutter; posthog-elixir;
    posthog-rs; posthog-rust; posthog-dotnet; PostHog.AspNetCore; posthog-unity; posthog-web; snowplow; mixpanel;
    amplitude; matomo; plausible; opentelemetry; gtag; gtm; ga4; http; https; curl; requests; fetch; axios;
    unknown library; youtube; vimeo; html5; html; video.js; videojs; jwplayer; jw player; plyr; hls.js; hls;
    dash.js; dash; shaka; shaka player; kaltura; brightcove; wistia; panopto; mediasite; flowplayer; mux; mux
    player; bitmovin; exoplayer; avplayer; vlc; native player; mediaelement; media element; dailymotion; twitch;
    loom; peertube; bunny; cloudflare stream; soundcloud; spotify; epub.js; pdf.js; h5p interactive video
"""
SOFTWARE = frozenset(
    compact(name) for names in (_NAMES, _BROWSERS, _PLACES, _LIBRARIES) for name in names.replace("\n", " ").split(";")
)
SHORT_VERSION = re.compile(r"[0-9]{1,3}+(?:\.[0-9]{1,2}+){0,2}+")  # Windows 10, macOS 14.2
CHARACTERS_MAX = 48


def is_software(text: str) -> bool:
    """Return whether a text is the name of software, of a kind of device or network, with or without a version."""
    if len(text) > CHARACTERS_MAX:
        return False
    name = text.rstrip("0123456789.")
    is_numbered = SHORT_VERSION.fullmatch(text, len(name)) is not None and is_version(text[len(name) :])
    return compact(text) in SOFTWARE or (is_numbered and compact(name) in SOFTWARE)
