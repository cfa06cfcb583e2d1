"""Words by which the detector knows persons and places: surnames, characters of given names, labels, titles.

The surnames are those of the Hundred Family Surnames 百家姓 that are met, with the commonest by the ministry's yearly
list (公安部户政, 全国姓名报告); the characters of given names are the commonest of the same reports.
"""

from __future__ import annotations

from typing import Final

SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高梁郑谢宋唐许韩冯邓曹彭曾肖萧田董潘袁蔡蒋余于杜叶程苏魏吕丁任卢姚沈钟姜"
    "崔谭陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫阎雷龙史陶贺顾毛郝龚邵万钱严武戴莫孔向汤温康施牛樊葛邢安齐易"
    "乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴"
    "蒙鲍华喻祁蒲房滕屈饶解牟艾尤时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边"
    "卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝封谈匡鞠惠荆乐冀胥南班储原燕楚鄢扶奚诸富容郁都宓支昝经"
    "裘干邴糜井段羊於芮羿乌牧隗山宿逄弓蓬郗仰秋伊栗戎祖束印幸文蔚常赖凤粟邸税覃阳植信冼衣官召次扎宣晁笪逯苌濮冒祭谯"
    "帅钮隽蔺法阚戈韶郜黎蓟薄怀漕"
)
"""Surnames of one character."""

COMPOUND: Final = frozenset(
    """欧阳 司马 上官 诸葛 夏侯 东方 尉迟 公孙 慕容 司徒 令狐 皇甫 宇文 长孙 端木 独孤 南宫 闻人 赫连 澹台 呼延 申屠
    轩辕 淳于 单于 太史 百里 东郭 南门 西门 公冶 宗政 濮阳 钟离 仲孙 鲜于 闾丘 亓官 司空 梁丘""".split()  # noqa: SIM905 - a list of words reads better so
)
"""Surnames of two characters."""

GIVEN: Final = frozenset(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华国建玉红文志梅鑫波斌宇浩凯健俊帆雪荣爱兰凤洁琳素云莲真环翠雅芝"
    "萍娥玲芬琴晶妍茜秋珊莎锦黛青倩婷姣婉娴瑾颖露瑶怡婵雁蓓纨仪荷丹蓉眉君蕊薇菁梦岚苑婕馨瑗琰韵融园艺咏卿聪澜纯毓悦"
    "昭冰爽琬茗羽希宁欣飘育滢馥筠柔竹霭凝晓欢霄枫芸菲寒伊亚宜可姬舒影荔枝思亮政谦亨奇固之轮翰朗伯宏言若鸣朋梁栋维启"
    "克伦翔旭鹏泽晨辰士以家致树炎德行时泰盛雄琛钧冠策腾楠榕风航弘永辉力毅峰海仁贵福生龙元全胜学祥才发武新利清飞彬富"
    "顺信子岩中茂进林有坚和彪博诚先敬震振壮会群豪心邦承乐绍功松善厚庆民友裕河哲江成康星光天达安岭春菊兴良广昌忠仕义"
    "礼智昊轩宸涵萱梓诗雨琪佳嘉彤睿皓铭煜瑞珍彩虹燕丰慧曦白玛诺一贞远弟旋妹娣兄招引迪彦鸿卉妙芷锐炜烨钰淼垚森轶翼骏"
    "骁耀祖瑜璐璇琦瑛莹莺菡葵蔓薰蓝岳岗峻嵘巍川湖渊渝滨漪潇潭澄瀚灵焕燃烁炳炯炫勋劲勉勤匡卓吟品唯器均城培基堂增夏夕"
    "央奕姗姿娅嫄嫣存守宗定寿尧岱峥崇嵩庭微念忆恩恬恒悠惟懿戈扬抒拓捷斐施旦旺昱晋晔晖晗暖暄曙曼朔权杉杏柏柯柳栩桃桐"
    "桦棋棠椿楷榆槐樱歆殊沁沐沛沫泉泓津洛浦润淇湘源溪澎瀛灿烈玄玟玫珀珺班琢琨琼瑄璋璞瓒皎盈盼睦硕祯禄禹禾秉科稳穆童"
    "端笑粒练络绮缨罡罗羿翎耘聆玥珂婧淑惠珠美巧雯卫东向阳洪万喜根宝银财来水火土木金小大老双长少立正柱栓锁"
)
"""Characters that given names are made of."""

LABELS: Final = tuple(
    """联系人 联络人 投诉人 举报人 反映人 来信人 来访人 来电人 信访人 申请人 被申请人 当事人 被投诉人 被举报人 被处罚人
    法定代表人 法人代表 法人 负责人 经办人 代理人 委托人 受托人 承办人 受理人 签收人 收件人 寄件人 领取人 姓名 户主
    业主 房东 租户 租客 承租人 出租人 车主 驾驶人 驾驶员 司机 店主 患者 死者 伤者 学生 家长 监护人 被监护人 户名
    开户名 持卡人 收款人 付款人 经营者 业户 村民 居民 市民 邻居 职工 员工 工人 教师 医生 护士 股东 证人 债务人
    债权人 继承人 申报人 报案人 求助人 咨询人 诉求人 名叫 我叫 叫做 我是 本人 原告 被告 父亲 母亲 丈夫 妻子 儿子
    女儿 弟弟 哥哥 姐姐 妹妹 配偶 孩子 老人""".split()  # noqa: SIM905 - a list of words reads better so
)
"""Words after which a person's name follows."""

TITLES: Final = tuple(
    """先生 女士 小姐 同志 师傅 老师 医生 大夫 主任 副主任 科长 副科长 局长 副局长 处长 所长 经理 老板 大爷 大妈 阿姨
    大叔 同学 律师 教授 院长 队长 警官 书记 校长 村长 主席 护士 本人 夫妇 夫妻 一家""".split()  # noqa: SIM905 - a list of words reads better so
)
"""Words before which a person's name stands."""

FOLLOWING: Final = frozenset(
    "的在于与和及要请向对被说称来去是为系有未已不也就都把将从到给因由自等之其此该电手身住男女家联提反投举申认曾现今"
    "并且但却还又再同跟则若如故经刚每月日年号元先小岁名位个用想需能可会让使做当比另拟遂即"
)
"""Characters that go on after a name and are no part of it."""

PRECEDING: Final = frozenset("由据找到与和及跟同给向对被让请是方位叫告者人员民友师了将把为替帮问如系于在称说有的长")
"""Characters after which a name may begin without a word that announces it."""
